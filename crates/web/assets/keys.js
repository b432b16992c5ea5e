// Keys for those who come often: / searches, g and a letter goes to a place, ? says which there are.
"use strict";

(() => {
  const help = document.getElementById("keys");
  const show = document.getElementById("show-keys");
  let going = false;

  show.hidden = false;
  show.addEventListener("click", () => help.showModal());

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea");
    if (typing || help.open || event.ctrlKey || event.metaKey || event.altKey) return;
    const went = going;
    going = event.key === "g" && !went;
    if (went) {
      const link = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
      if (link) link.click();
    } else if (event.key === "/") {
      event.preventDefault();
      document.getElementById("find").focus();
    } else if (event.key === "?") {
      help.showModal();
    }
  });
})();
