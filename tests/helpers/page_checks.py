"""What is checked of every section of the page, as functions that the page evaluates."""

PROBLEMS = """() => {
    const visible = (selector) => [...document.querySelectorAll(selector)]
        .filter((each) => each.checkVisibility() && !each.closest('[aria-hidden=true]'));
    const named = (each) => each.getAttribute('aria-label') || each.labels?.length || each.textContent.trim()
        || document.getElementById(each.getAttribute('aria-labelledby'));
    const nameless = visible('a, button, input, select, textarea, summary, [role], [tabindex]')
        .filter((each) => !['presentation', 'none', 'status'].includes(each.getAttribute('role')) && !named(each));
    const images = visible('canvas, svg, img').filter((each) => !each.getAttribute('aria-label'));
    const small = visible('a, button, input, select')
        .filter((each) => Math.min(each.getBoundingClientRect().width, each.getBoundingClientRect().height) < 24);
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
    const dangling = ['aria-controls', 'aria-describedby', 'aria-labelledby', 'for']
        .flatMap((name) => [...document.querySelectorAll(`[${name}]`)].map((each) => each.getAttribute(name)))
        .filter((id) => id && !document.getElementById(id));
    const elements = [...nameless, ...images, ...small].map((each) => each.outerHTML.slice(0, 120));
    return [...elements, ...ids.filter((id, k) => ids.indexOf(id) !== k), ...dangling];
}"""
"""Elements without a name, small ones, repeated ids, and references to ids that do not exist."""

CONTRASTS = """() => {
    const probe = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const channels = (colour) => {
        probe.clearRect(0, 0, 1, 1);
        probe.fillStyle = colour;
        probe.fillRect(0, 0, 1, 1);
        return [...probe.getImageData(0, 0, 1, 1).data];
    };
    const light = (colour) => {
        const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        const [r, g, b] = channels(colour).map((c) => linear(c / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (channels(colour)[3] === 255) return colour;
        }
        return 'white';
    };
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const left = element.closest('script, style, :disabled, .visually-hidden');
        if (left || !walker.currentNode.data.trim() || !element.checkVisibility()) continue;
        const [a, b] = [getComputedStyle(element).color, behind(element)].map(light).sort((x, y) => y - x);
        texts.push([(a + 0.05) / (b + 0.05), walker.currentNode.data.trim().slice(0, 40), element.className]);
    }
    return texts;
}"""

BEYOND = """(width) => [...document.querySelectorAll('main *, header *')]
    .filter((element) => element.checkVisibility())
    .filter((element) => !element.closest('.visually-hidden, .facts, .graph, .step-graph'))
    .filter((element) => element.getBoundingClientRect().right > width + 0.5)
    .map((element) => element.outerHTML.slice(0, 80))"""

FOCUSED = """() => {
    const element = document.activeElement, box = element.getBoundingClientRect();
    const marked = element.closest(".pad") ?? element; // the drawing area shows it on its frame
    const { outlineStyle, outlineWidth } = getComputedStyle(marked);
    const visible = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && box.width * box.height > 0;
    return { name: element.outerHTML.slice(0, 90), visible };
}"""

LISTEN = """() => {
    window.spoken = [];
    for (const region of document.querySelectorAll("[aria-live], [role=status], [role=alert]")) {
        new MutationObserver(() => region.textContent && window.spoken.push(region.textContent))
            .observe(region, { childList: true, characterData: true, subtree: true });
    }
}"""
