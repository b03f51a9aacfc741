// The slider over how much is raised: what each place means stands in the table below it.
"use strict";
(() => {
  const form = document.querySelector("[data-slider]");
  if (!form) return;
  const places = [...document.querySelectorAll("[data-per-day]")];
  const range = form.querySelector("[type=range]");
  const says = form.querySelector(".says");

  const show = () => {
    const place = places[Number(range.value)];
    form.elements.per_day.value = place.dataset.perDay;
    says.textContent = place.dataset.says;
    range.setAttribute("aria-valuetext", place.dataset.says); // which is read aloud; the words beside it need not be
  };

  range.addEventListener("input", show);
  addEventListener("pageshow", show); // browsers put back where it stood
  show();
  form.hidden = false;
})();
