// What Solara's page template lacks for people who zoom or listen.
document.documentElement.lang = "en";
(function () {
    const viewport = document.querySelector('meta[name="viewport"]');
    if (viewport) {
        viewport.setAttribute("content", "width=device-width, initial-scale=1");
    }
})();
