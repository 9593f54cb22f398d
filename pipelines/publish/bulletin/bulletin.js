(function () {
  "use strict";
  var root = document.documentElement;
  function say(language) {
    root.lang = language;
    document.title = language === "en" ? "Bulletin " + document.title.match(/[\d-]{10}/)[0]
      : "救助监测简报 " + document.title.match(/[\d-]{10}/)[0];
  }
  function open(all) {
    document.querySelectorAll("details").forEach(function (part) {
      if (all) { part.dataset.was = part.open ? "1" : ""; part.open = true; }
      else { part.open = part.dataset.was === "1"; }
    });
  }
  document.getElementById("switch").addEventListener("click", function () {
    var language = root.lang === "en" ? "zh-CN" : "en";
    say(language);
    history.replaceState(null, "", language === "en" ? "#en" : "#");
  });
  if (location.hash === "#en") { say("en"); }
  window.addEventListener("beforeprint", function () { open(true); });
  window.addEventListener("afterprint", function () { open(false); });
})();
