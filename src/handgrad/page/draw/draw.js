// The Draw section.

export default function mount(section, app) {
  section.textContent = "";
}
