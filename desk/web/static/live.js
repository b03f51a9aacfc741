// Keeps an open page fresh without ever taking anything out of a person's hands.
"use strict";
(() => {
  const target = document.querySelector("[data-live]");
  if (!target) return;
  const fresh = document.getElementById("fresh");
  let line = null;

  // Somebody types, reads an opened answer, or holds the focus inside: replacing it would pull it away.
  const isBusy = () =>
    target.contains(document.activeElement) ||
    target.querySelector("details[open]") !== null ||
    [...target.querySelectorAll("input:not([type=hidden]), textarea:not([hidden])")].some((field) => field.value !== field.defaultValue);

  const refresh = async () => {
    const answer = await fetch(target.dataset.live, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer) return;
    if (answer.status === 401 || answer.redirected) return location.reload();
    if (!answer.ok) return;
    const body = await answer.text();
    if (isBusy()) return offer();
    target.innerHTML = body;
    htmx.process(target);
    if (fresh) fresh.hidden = true;
    const waiting = document.title.replace(/^\(\d+\) /, "");
    const number = target.querySelector("h1")?.textContent.trim().match(/^[\d,]+/);
    document.title = number ? `(${number[0]}) ${waiting}` : waiting;
    document.dispatchEvent(new CustomEvent("amends:shown"));
  };

  const offer = () => {
    if (fresh) fresh.hidden = false;
  };

  const changed = () => (isBusy() ? offer() : refresh());

  // Browsers open six lines to one host: pages that nobody sees must not hold one.
  const tune = () => {
    if (document.hidden) {
      line?.close();
      line = null;
    } else if (!line) {
      line = new EventSource("/events");
      line.addEventListener("changed", changed);
      line.addEventListener("open", () => document.documentElement.dataset.line = "open");
    }
  };

  let hidden = false;
  document.addEventListener("visibilitychange", () => {
    tune();
    if (document.hidden) hidden = true;
    else if (hidden) changed();
  });
  addEventListener("pagehide", () => line?.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-refresh]")) return;
    target.querySelectorAll("details[open]").forEach((one) => one.open = false);
    document.activeElement?.blur();
    refresh();
  });
  tune();
})();
