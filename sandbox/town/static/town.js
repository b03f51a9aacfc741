// Keeps the page fresh without disturbing anyone who is typing: only the parts marked data-live are replaced, and only when they changed.
"use strict";

const EVERY = 3000; // milliseconds

async function refresh() {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live][id]")) {
    const newer = fresh.getElementById(part.id);
    if (newer === null || newer.innerHTML === part.innerHTML || part.contains(document.activeElement)) continue;
    const known = new Set([...part.querySelectorAll("[data-post]")].map((post) => post.dataset.post));
    part.replaceChildren(...[...newer.childNodes].map((node) => document.adoptNode(node)));
    for (const post of part.querySelectorAll("[data-post]")) {
      if (!known.has(post.dataset.post)) post.classList.add("arrived");
    }
  }
}

function again() {
  setTimeout(async () => {
    // A town that is being restarted answers nothing for a moment; the next look finds it again.
    if (document.visibilityState === "visible") await refresh().catch(() => undefined);
    again();
  }, EVERY);
}

again();
