/* What HTML and htmx cannot do alone: relative times, keys, the state of the connection, a flash on change, the chart. */
(() => {
  "use strict";
  const $ = (selector) => document.querySelector(selector);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  // Times: the HTML holds the absolute one; shown is the relative one, and the absolute one in the tooltip.
  const relative = (ms) => {
    const s = Math.max(0, Math.round((Date.now() - ms) / 1000));
    if (s < 2) return "now";
    if (s < 60) return `${s} s ago`;
    if (s < 3600) return `${Math.floor(s / 60)} min ago`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ago`;
    return `${Math.floor(s / 86400)} d ago`;
  };
  const setTime = (element) => {
    const at = Date.parse(element.dateTime), text = relative(at);
    if (element.textContent !== text) element.textContent = text;
    const title = `${new Date(at).toLocaleString()} (${element.dateTime})`;
    if (element.title !== title) element.title = title;
  };
  const setTimes = (root) => root.querySelectorAll("time[datetime]").forEach(setTime);

  // An observer runs before the next paint, so that a swapped-in absolute time never shows and nothing moves.
  const flash = (element) => {
    if (!calm.matches && document.visibilityState === "visible") {
      const colour = getComputedStyle(document.documentElement).getPropertyValue("--flash");
      element.animate([{ backgroundColor: colour }, { backgroundColor: "transparent" }], { duration: 900 });
    }
  };
  new MutationObserver((changes) => {
    const touched = new Set();
    for (const change of changes) {
      const element = change.target.nodeType === 1 ? change.target : change.target.parentElement;
      if (!element) continue;
      const time = element.closest("time[datetime]");
      if (time) setTime(time); else setTimes(element);
      const live = change.type !== "attributes" && element.closest(".live:not(.chip, .count)");
      if (live) touched.add(live);
    }
    if (touched.size <= 40) touched.forEach(flash);
  }).observe($("main"), { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["datetime"] });
  setTimes(document);
  setInterval(() => setTimes(document), 1000);

  // The state of the stream, in words.
  const connection = (state, words) => {
    const chip = $("#connection");
    if (chip.dataset.state !== state) { chip.dataset.state = state; chip.textContent = words; }
  };
  document.addEventListener("htmx:sse:after:connection", (e) =>
    e.detail.connection.status === 200 ? connection("on", "Live") : connection("wait", "Reconnecting"));
  document.addEventListener("htmx:sse:error", () => connection("wait", "Reconnecting"));
  document.addEventListener("htmx:sse:before:connection", (e) => { if (e.detail.connection.attempt > 0) connection("wait", "Reconnecting"); });
  document.addEventListener("htmx:sse:close", (e) => { if (e.detail.reason === "ended") connection("off", "Not live"); });

  // Keys: "/" finds, j and k move, Enter opens (it is a link), g then o, s, r goes to a page.
  const typing = (element) => element.matches("input, textarea, select, [contenteditable]");
  const move = (step) => {
    const links = [...document.querySelectorAll("[data-row]")];
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    const next = links[Math.min(links.length - 1, Math.max(0, at + step))];
    document.querySelectorAll("tr.at").forEach((row) => row.classList.remove("at"));
    next.closest("tr").classList.add("at");
    next.focus();
  };
  const pages = { o: "/", s: "/stock", r: "/orders" };
  let going = 0;
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (typing(e.target)) { if (e.key === "Escape") e.target.blur(); return; }
    if (e.key === "/") { e.preventDefault(); const field = $("[data-find]") || $("#find"); field.focus(); field.select(); }
    else if (e.key === "j") move(1);
    else if (e.key === "k") move(-1);
    else if (e.key === "g") going = Date.now();
    else if (pages[e.key] && Date.now() - going < 1500) location.href = pages[e.key];
  });

  // The chart: ten minutes from the server, then one point at a time from the stream.
  const place = $("#chart");
  if (!place || !window.uPlot) return;
  const names = ["Orders", "Reservations", "Stock levels", "Shop listings"];
  let data = null, chart = null;
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const size = () => ({ width: place.clientWidth, height: place.clientHeight - (place.clientWidth < 560 ? 92 : 34) });
  const axis = () => ({ stroke: css("--dim"), grid: { stroke: css("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" });
  const draw = () => {
    if (chart) chart.destroy();
    const clock = (ts) => new Date(ts * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
    chart = new uPlot({
      ...size(),
      cursor: { drag: { x: false, y: false }, points: { size: 6 } },
      scales: { y: { range: (u, low, high) => [0, Math.max(4, high * 1.15)] } },
      axes: [{ ...axis(), values: (u, ticks) => ticks.map(clock), space: 80 }, { ...axis(), size: 46 }],
      series: [{ label: "Time", value: (u, ts) => (ts == null ? "–" : new Date(ts * 1000).toLocaleTimeString([], { hour12: false })) },
        ...names.map((label, i) => ({ label, stroke: css(`--c${i + 1}`), width: 1.75, points: { show: false }, value: (u, v) => (v == null ? "–" : v.toFixed(1)) }))],
    }, data, place);
  };
  const latest = () => { if (chart.cursor.left == null || chart.cursor.left < 0) chart.setLegend({ idx: data[0].length - 1 }); };
  const add = (point) => {
    if (!data || point[0] <= data[0][data[0].length - 1]) return;
    data.forEach((column, i) => { column.push(point[i]); if (column.length > 300) column.shift(); });
    chart.setData(data);
    requestAnimationFrame(latest);
  };
  const load = () => fetch(place.dataset.series).then((answer) => answer.json()).then((series) => { data = series.columns; draw(); requestAnimationFrame(latest); });
  load();
  $("#stream").addEventListener("sample", (e) => add(JSON.parse(e.detail.data)));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) load(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => data && draw());
  new ResizeObserver(() => chart && chart.setSize(size())).observe(place);
})();
