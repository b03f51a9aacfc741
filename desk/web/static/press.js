// Small help with buttons: once is once, copying, opening a site, counting down, and words that are not lost.
"use strict";
(() => {
  const say = (button, words) => {
    const before = button.dataset.words ??= button.innerHTML;
    button.textContent = words;
    setTimeout(() => button.innerHTML = before, 2000);
  };

  const textOf = (id) => {
    const from = document.getElementById(id);
    return from?.value ?? from?.textContent ?? "";
  };

  // The clipboard needs https or this machine; elsewhere the words are selected, ready to copy.
  const copy = async (text, from) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      if (from?.select) from.select();
      else if (from) getSelection().selectAllChildren(from);
      return document.execCommand("copy");
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const from = document.getElementById(button.dataset.copy);
    copy(textOf(button.dataset.copy), from).then((done) => {
      if (button.tagName === "BUTTON") say(button, done ? "Copied" : "Selected: copy it now");
    });
  });

  // Approving what a person posts: copy and open a window while the press still counts, then go where we are told.
  const byHand = async (form, button) => {
    const text = form.elements.text.value;
    const site = window.open("", "_blank");
    copy(text, form.elements.text.hidden ? null : form.elements.text);
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, button)) }).catch(() => null);
    const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    const link = page?.getElementById("open-site");
    if (site && link) {
      site.opener = null;
      site.location.replace(link.href);
    } else site?.close();
    if (answer?.ok) location.assign(answer.url);
    else form.submit();
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.pressed) return event.preventDefault();
    const acts = !event.submitter?.hasAttribute("formaction");
    if (acts) form.dataset.pressed = "yes";
    leaving = true;
    if (acts && form.hasAttribute("data-by-hand")) {
      event.preventDefault();
      byHand(form, event.submitter);
    }
  });
  addEventListener("pageshow", () => document.querySelectorAll("[data-pressed]").forEach((form) => delete form.dataset.pressed));

  // Seconds until a reply goes out.
  const count = () => {
    for (const one of document.querySelectorAll("[data-seconds]")) {
      one.until ??= performance.now() + Number(one.dataset.seconds) * 1000;
      const left = Math.max(0, Math.ceil((one.until - performance.now()) / 1000));
      one.textContent = left > 90 ? `${Math.ceil(left / 60)} min` : `${left} s`;
    }
  };
  count();
  setInterval(count, 500);
  document.addEventListener("amends:shown", count);

  // Words typed into the editor outlive a look at the news.
  const editor = () => document.getElementById("text");
  const place = `amends:${location.pathname}`;
  let leaving = false;
  addEventListener("pagehide", () => {
    const text = editor();
    if (!text?.closest("#editor")) return;
    if (!leaving && text.value !== text.defaultValue) sessionStorage.setItem(place, text.value);
    else sessionStorage.removeItem(place);
  });
  const kept = sessionStorage.getItem(place);
  if (kept && editor()?.closest("#editor") && kept !== editor().value) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "chip";
    button.textContent = "Put back what I was typing";
    button.addEventListener("click", () => {
      editor().value = kept;
      editor().dispatchEvent(new Event("input", { bubbles: true }));
      button.remove();
      editor().focus();
    });
    document.querySelector("#editor .tools")?.prepend(button);
  }
})();
