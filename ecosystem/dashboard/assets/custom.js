// What Solara's page template lacks for people who zoom or listen.
document.documentElement.lang = "en";
(function () {
    const viewport = document.querySelector('meta[name="viewport"]');
    if (viewport) {
        viewport.setAttribute("content", "width=device-width, initial-scale=1");
    }
})();
// Solara's bar for a busy server has no name; the page's own status line says what goes on, so the bar is decoration.
(function () {
    const quiet = () =>
        document.querySelectorAll(".v-progress-linear:not([aria-hidden])").forEach((bar) => bar.setAttribute("aria-hidden", "true"));
    quiet();
    new MutationObserver(quiet).observe(document.documentElement, { childList: true, subtree: true });
})();
