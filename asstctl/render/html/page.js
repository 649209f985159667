"use strict";
(() => {
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);

  // theme: the system decides until the button is used
  const theme = find("theme");
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
  const remembered = (value) => {
    try {
      if (value) localStorage.setItem("asstctl-theme", value);
      return localStorage.getItem("asstctl-theme");
    } catch {
      return null; // a page opened from a file may have no storage
    }
  };
  const named = () => {
    theme.textContent = isDark() ? "Light" : "Dark";
    theme.setAttribute("aria-label", `Show in ${isDark() ? "light" : "dark"} colours`);
  };
  const before = remembered();
  if (before === "light" || before === "dark") root.dataset.theme = before;
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remembered(root.dataset.theme);
    named();
  });
  prefersDark.addEventListener("change", named);
  named();
  theme.hidden = false;

  // links into the page
  const linked = () => {
    const name = location.hash.slice(1);
    let target = name && find(name);
    try {
      target = target || (name && find(decodeURIComponent(name)));
    } catch {
      // a hash that is not encoded text names nothing here
    }
    if (!target) return;
    for (let at = target; at; at = at.parentElement) {
      if (at instanceof HTMLDetailsElement) at.open = true;
      at.hidden = false;
    }
    target.scrollIntoView({ block: "start" });
    if (target.classList.contains("case")) target.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", linked);

  // filters
  const form = find("filters");
  const cases = [...document.querySelectorAll(".case")];
  if (form) {
    const groups = [...document.querySelectorAll(".group")];
    const texts = new Map();
    const plain = (text) => text.normalize("NFKC").toLowerCase();
    const textOf = (one) => {
      if (!texts.has(one)) texts.set(one, plain(`${one.textContent}\n${one.dataset.assistant || ""}`));
      return texts.get(one);
    };
    const filter = () => {
      const data = new FormData(form);
      const statuses = new Set(data.getAll("status"));
      const words = plain(data.get("text") || "").split(/\s+/).filter(Boolean);
      const tag = data.get("tag");
      const chosen = ["assistant", "target"].filter((name) => data.get(name));
      const fits = (one) =>
        (!statuses.size || statuses.has(one.dataset.status)) &&
        (!data.has("differs") || "differs" in one.dataset) &&
        chosen.every((name) => one.dataset[name] === data.get(name)) &&
        (!tag || JSON.parse(one.dataset.tags || "[]").includes(tag)) &&
        words.every((word) => textOf(one).includes(word));
      let shown = 0;
      for (const one of cases) {
        one.hidden = !fits(one);
        shown += !one.hidden;
      }
      for (const group of groups) group.hidden = !group.querySelector(".case:not([hidden])");
      find("shown").textContent = `${shown.toLocaleString("en")} of ${cases.length.toLocaleString("en")}`;
      find("none-fit").hidden = shown > 0;
    };
    let waiting = 0;
    form.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(filter, 60);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      filter();
    });
    for (const [name, open] of [["open", true], ["close", false]]) {
      find(name).addEventListener("click", () => {
        for (const one of cases) if (!one.hidden) one.open = open;
      });
    }
    form.reset();
    form.hidden = false;
  }

  // copying a command: without a clipboard it is selected
  for (const button of document.querySelectorAll(".copy")) {
    const command = button.previousElementSibling;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(command.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(command);
        button.textContent = "Selected";
      }
      setTimeout(() => (button.textContent = "Copy"), 4000);
    });
  }
  linked();
})();
