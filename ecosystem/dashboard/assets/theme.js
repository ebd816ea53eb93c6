// The page follows the system's light or dark setting until the visitor chooses. Solara's own template has no
// element for its "auto" variant, so the server says light and the choice is made here.
vuetifyThemes = {
    light: { dark: false, colors: {} },
    dark: { dark: true, colors: {} },
};
(function () {
    if (!localStorage.getItem(":solara:theme.variant")) {
        theme.variant = "auto";
        const dark = window.matchMedia && window.matchMedia("(prefers-color-scheme: dark)").matches;
        const page = document.getElementById("app");
        page.classList.toggle("theme--dark", dark);
        page.classList.toggle("theme--light", !dark);
    }
})();
