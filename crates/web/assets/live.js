// Keeps marked regions of a page up to date: the service tells that something happened, and the page asks for itself
// again. Without this script a page is as it was when it was loaded, and works all the same.
"use strict";

(() => {
  const regions = () => [...document.querySelectorAll("[data-live]")];
  const topics = [...new Set(regions().flatMap((region) => region.dataset.live.split(" ")))];
  let source = null;
  let timer = null;

  async function renew() {
    timer = null;
    if (document.hidden) return;
    const response = await fetch(location.href).catch(() => null);
    if (!response || !response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const region of regions()) {
      const next = fresh.getElementById(region.id);
      if (!next || next.innerHTML === region.innerHTML || region.contains(document.activeElement)) continue;
      region.replaceChildren(...next.childNodes);
    }
  }

  function told() {
    timer = timer ?? setTimeout(renew, 250);
  }

  function listen() {
    source = new EventSource(`/api/v1/events?topic=${encodeURIComponent(topics.join(","))}`);
    source.addEventListener("open", told);
    for (const topic of [...topics, "reset"]) source.addEventListener(topic, told);
  }

  if (topics.length > 0 && "EventSource" in window) {
    if (!document.hidden) listen();
    document.addEventListener("visibilitychange", () => {
      source?.close();
      source = null;
      if (!document.hidden) listen();
    });
    addEventListener("pagehide", () => source?.close());
  }

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    document.getElementById("find").focus();
  });
})();
