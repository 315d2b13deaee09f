"""What is checked of every section of the page, as functions that the page evaluates."""

NAMELESS = """() => [...document.querySelectorAll('a, button, input, select, textarea, summary, [role], [tabindex]')]
    .filter((element) => element.checkVisibility() && !element.closest('[aria-hidden=true]'))
    .filter((element) => !['presentation', 'none'].includes(element.getAttribute('role')))
    .filter((element) => !(element.getAttribute('aria-label') || element.labels?.length || element.textContent.trim()
        || document.getElementById(element.getAttribute('aria-labelledby'))))
    .filter((element) => element.getAttribute('role') !== 'status')
    .map((element) => element.outerHTML.slice(0, 120))"""

TWICE = """() => [...document.querySelectorAll('[id]')].map(({ id }) => id)
    .filter((id, k, all) => all.indexOf(id) !== k)"""

DANGLING = """() => [...document.querySelectorAll('[aria-controls], [aria-describedby], [aria-labelledby], [for]')]
    .flatMap((element) => ['aria-controls', 'aria-describedby', 'aria-labelledby', 'for']
        .map((name) => element.getAttribute(name)).filter(Boolean))
    .filter((id) => !document.getElementById(id))"""

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

WATCH_SHIFTS = """() => {
    window.shifts = [];
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.shifts.push(
        [entry.value, entry.hadRecentInput, entry.sources.map(({ node }) => node?.className ?? '')]))
    ).observe({ type: 'layout-shift', buffered: true });
}"""

BEYOND = """(width) => [...document.querySelectorAll('main *, header *')]
    .filter((element) => element.checkVisibility())
    .filter((element) => !element.closest('.visually-hidden, .facts, .thumbnail-row-thumbs'))
    .filter((element) => element.getBoundingClientRect().right > width + 0.5)
    .map((element) => element.outerHTML.slice(0, 80))"""

SMALL = """() => [...document.querySelectorAll('a, button, input, select')]
    .filter((element) => element.checkVisibility())
    .map((element) => [element.getBoundingClientRect(), element.outerHTML.slice(0, 80)])
    .filter(([box]) => box.width < 24 || box.height < 24).map(([, text]) => text)"""

FOCUSED = """() => {
    const element = document.activeElement;
    const shows = (each) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(each);
        return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    };
    const marked = element.closest(".pad") ?? element; // the drawing area shows it on its frame
    const box = element.getBoundingClientRect();
    return {
        name: element.outerHTML.slice(0, 90),
        visible: shows(marked), size: box.width * box.height,
    };
}"""

STOPS = """(section) => [...document.getElementById(section).querySelectorAll(
        "a[href], button, input, select, summary, [tabindex='0']")]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }))
    .filter((element) => !element.disabled && element.tabIndex >= 0).length"""

IMAGES = """() => [...document.querySelectorAll("canvas, svg, img")]
    .filter((element) => element.checkVisibility() && !element.closest("[aria-hidden=true]"))
    .filter((element) => !element.getAttribute("aria-label")).map((element) => element.outerHTML.slice(0, 90))"""

LISTEN = """() => {
    window.spoken = [];
    for (const region of document.querySelectorAll("[aria-live], [role=status], [role=alert]")) {
        new MutationObserver(() => region.textContent && window.spoken.push(region.textContent))
            .observe(region, { childList: true, characterData: true, subtree: true });
    }
}"""
