"use strict";
(() => {
  const data = JSON.parse(document.getElementById("weft-data").textContent);
  const W = 460, H = 230, L = 52, R = 10, T = 10, B = 26, colours = 8;
  const state = { smooth: 0.6, x: "step", theme: "", live: false };
  // What was chosen outlasts a reload: it is in the address, which needs no storage.
  for (const part of location.hash.slice(1).split("&")) {
    const [key, value] = part.split("=");
    if (key === "smooth") state.smooth = Math.min(0.99, Math.max(0, Number(value) || 0));  // NaN is 0
    if (key === "x" && value === "time") state.x = value;
    if (key === "theme" && (value === "dark" || value === "light")) state.theme = value;
    if (key === "live") state.live = value === "1";
  }
  const keep = () => history.replaceState(null, "", "#smooth=" + state.smooth + "&x=" + state.x +
    (state.theme ? "&theme=" + state.theme : "") + (state.live ? "&live=1" : ""));
  const make = (name, attributes, parent) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    if (parent) parent.appendChild(node);
    return node;
  };
  const show = (v) => {
    if (v === null || v === undefined) return "–";
    if (typeof v !== "number") return String(v);
    const a = Math.abs(v);
    if (a >= 1e15 || (a > 0 && a < 1e-4)) return v.toExponential(2);
    if (a >= 1e4) for (const [n, s] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) if (a >= n) return +(v / n).toPrecision(4) + s;
    return String(+v.toPrecision(4));
  };
  const clock = (s) => s < 60 ? +s.toFixed(1) + " s" : s < 3600 ? Math.floor(s / 60) + " min " + Math.round(s % 60) + " s" : Math.floor(s / 3600) + " h " + Math.round(s % 3600 / 60) + " min";
  const ticks = (low, high, count) => {
    const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 2.5, 5, 10].find((m) => m * power >= raw * 0.999) * power, found = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9 && found.length < 50; i++) found.push(+(i * step).toPrecision(12));
    return found;
  };
  const logTicks = (low, high) => {
    const found = [], a = Math.ceil(Math.log10(low) - 1e-9), b = Math.floor(Math.log10(high) + 1e-9), every = Math.max(1, Math.ceil((b - a) / 6));
    for (let e = a; e <= b; e += every) found.push(10 ** e);
    return found.length > 1 ? found : ticks(low, high, 4).filter((v) => v > 0);
  };
  // An exponential mean without the bias of its beginning.
  const smoothed = (values, weight) => {
    let sum = 0, norm = 0;
    return values.map((v) => {
      if (v === null) return null;
      sum = sum * weight + v * (1 - weight);
      norm = norm * weight + 1 - weight;
      return sum / norm;
    });
  };

  class Chart {
    constructor(card, chart) {
      this.card = card;
      this.lines = chart.lines.map(([run, key, label], i) => {
        const { points, last } = data.runs[run].series[key];
        return {
          label, points, last: last && last[1], colour: "var(--c" + (i % colours) + ")", dash: i < colours ? "" : "5 3", shown: true,
          mean: points.map((p) => p[2]), low: points.map((p) => p.length > 3 ? p[3] : p[2]), high: points.map((p) => p.length > 4 ? p[4] : p[2]),
        };
      });
      this.title = chart.title;
      this.steady = chart.section === "Learning rate" || chart.section === "Memory";
      const positive = this.lines.every((l) => l.low.every((v) => v === null || v > 0));
      // A loss that falls to a small part of its beginning is seen on a logarithmic scale alone.
      const high = Math.max(...this.lines.flatMap((l) => l.high)), last = this.lines.map((l) => l.mean[l.mean.length - 1]);
      this.log = positive && /loss|error|perplexity/i.test(chart.title) && last.some((v) => v && high / v > 50);
      const button = card.querySelector("button.log");
      button.hidden = !positive;
      button.setAttribute("aria-pressed", this.log);
      button.onclick = () => { this.log = !this.log; button.setAttribute("aria-pressed", this.log); this.draw(); };
      this.svg = make("svg", { viewBox: "0 0 " + W + " " + H, role: "img", tabindex: 0 }, card.querySelector(".plot"));
      this.legend = card.querySelector(".legend");
      this.svg.addEventListener("pointermove", (e) => this.point(e));
      this.svg.addEventListener("pointerleave", () => this.leave());
      this.svg.addEventListener("keydown", (e) => this.key(e));
      this.svg.addEventListener("blur", () => this.leave());
      this.makeLegend();
      this.draw();
    }
    makeLegend() {
      this.values = this.lines.map((line) => {
        const button = document.createElement("button"), swatch = document.createElement("i"), value = document.createElement("b");
        swatch.style.background = line.colour;
        button.type = "button";
        button.setAttribute("aria-pressed", "true");
        button.append(swatch, document.createTextNode(line.label), value);
        button.onclick = () => { line.shown = !line.shown; button.setAttribute("aria-pressed", line.shown); this.draw(); };
        this.legend.appendChild(button);
        return value;
      });
    }
    draw() {
      const svg = this.svg, c = state.x === "time" ? 1 : 0, lines = this.lines.filter((l) => l.shown && l.points.length);
      svg.textContent = "";
      for (const l of this.lines) {
        l.smooth = state.smooth > 0 && !this.steady && l.points.length > 30;
        l.drawn = l.smooth ? smoothed(l.mean, state.smooth) : l.mean;
      }
      let x0 = Infinity, x1 = -Infinity, y0 = Infinity, y1 = -Infinity;
      for (const l of lines) l.points.forEach((p, i) => {
        x0 = Math.min(x0, p[c]); x1 = Math.max(x1, p[c]);
        if (l.low[i] !== null) { y0 = Math.min(y0, l.low[i]); y1 = Math.max(y1, l.high[i]); }
      });
      if (!(x1 > x0)) { x0 = Number.isFinite(x0) ? x0 - 0.5 : 0; x1 = x0 + 1; }
      if (!(y1 >= y0)) { y0 = this.log ? 0.1 : 0; y1 = 1; }
      if (y1 === y0) { const d = Math.abs(y0) / 10 || 0.5; y0 -= d; y1 += d; }
      const f = this.log ? Math.log10 : (v) => v;
      let a = f(y0), b = f(y1);
      const pad = (b - a) * 0.05;
      // A curve that stays at or above zero begins there if it comes near.
      a = !this.log && y0 >= 0 && y0 < (y1 - y0) * 0.6 ? 0 : a - pad;
      b += pad;
      this.sx = (v) => L + (v - x0) / (x1 - x0) * (W - L - R);
      const sy = (v) => H - B - (f(v) - a) / (b - a) * (H - T - B);
      for (const v of this.log ? logTicks(10 ** a, 10 ** b) : ticks(a, b, 4)) {
        if (f(v) < a || f(v) > b) continue;
        make("line", { class: "grid-line", x1: L, x2: W - R, y1: sy(v), y2: sy(v) }, svg);
        make("text", { x: L - 7, y: sy(v) + 4, "text-anchor": "end" }, svg).textContent = show(v);
      }
      for (const v of ticks(x0, x1, 5)) make("text", { x: this.sx(v), y: H - 8, "text-anchor": "middle" }, svg).textContent = c ? clock(v) : show(v);
      const path = (l, values) => {
        let d = "", pen = false;
        l.points.forEach((p, i) => {
          if (values[i] === null) { pen = false; return; }
          d += (pen ? "L" : "M") + this.sx(p[c]).toFixed(1) + " " + sy(values[i]).toFixed(1);
          pen = true;
        });
        return d;
      };
      for (const l of lines) {
        if (l.points.some((p) => p.length > 3)) {
          const there = l.points.map((p, i) => i).filter((i) => l.low[i] !== null);
          const edge = (i, values) => this.sx(l.points[i][c]).toFixed(1) + " " + sy(values[i]).toFixed(1);
          const d = there.map((i) => edge(i, l.high)).concat(there.reverse().map((i) => edge(i, l.low)));
          make("path", { class: "band", fill: l.colour, d: "M" + d.join("L") + "Z" }, svg);
        }
        if (l.smooth) make("path", { class: "raw", stroke: l.colour, d: path(l, l.mean) }, svg);
        make("path", { class: "line", stroke: l.colour, "stroke-dasharray": l.dash, d: path(l, l.drawn) }, svg);
        if (l.points.length < 31) l.points.forEach((p, i) => l.drawn[i] !== null &&
          make("circle", { cx: this.sx(p[c]), cy: sy(l.drawn[i]), r: 2.4, fill: l.colour }, svg));
      }
      this.cursor = make("line", { class: "cursor", y1: T, y2: H - B, visibility: "hidden" }, svg);
      this.where = make("text", { y: T + 2, "text-anchor": "middle", visibility: "hidden" }, svg);
      this.leave();
    }
    leave() {
      this.at = null;
      this.cursor.setAttribute("visibility", "hidden");
      this.where.setAttribute("visibility", "hidden");
      this.lines.forEach((l, i) => { this.values[i].textContent = show(l.last); });
      this.svg.setAttribute("aria-label", this.title + ": " + this.lines.map((l, i) => l.label + " " + this.values[i].textContent).join(", "));
    }
    nearest(l, x) {
      let best = -1, distance = Infinity;
      l.points.forEach((p, i) => { const d = Math.abs(this.sx(p[state.x === "time" ? 1 : 0]) - x); if (d < distance) { distance = d; best = i; } });
      return best;
    }
    point(event) {
      const box = this.svg.getBoundingClientRect();
      this.mark((event.clientX - box.left) / box.width * W);
    }
    mark(x) {
      const c = state.x === "time" ? 1 : 0, lines = this.lines.filter((l) => l.shown && l.points.length);
      if (!lines.length) return;
      // The line with the point that is nearest says where.
      const near = lines.map((l) => l.points[this.nearest(l, x)]).reduce((p, q) => Math.abs(this.sx(q[c]) - x) < Math.abs(this.sx(p[c]) - x) ? q : p);
      this.at = x = this.sx(near[c]);
      this.cursor.setAttribute("x1", x); this.cursor.setAttribute("x2", x);
      this.where.setAttribute("x", Math.min(W - 45, Math.max(L + 45, x)));
      this.where.textContent = "step " + near[0] + ", " + clock(near[1]);
      this.cursor.setAttribute("visibility", "visible"); this.where.setAttribute("visibility", "visible");
      this.lines.forEach((l, i) => { if (l.points.length) this.values[i].textContent = show(l.mean[this.nearest(l, x)]); });
    }
    key(event) {
      const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key], l = this.lines.find((l) => l.shown && l.points.length);
      if (!way || !l) return;
      event.preventDefault();
      const now = this.at === null ? (way > 0 ? -1 : l.points.length) : this.nearest(l, this.at);
      const next = Math.min(l.points.length - 1, Math.max(0, now + way));
      this.mark(this.sx(l.points[next][state.x === "time" ? 1 : 0]));
    }
  }

  const cards = document.querySelectorAll("[data-chart]");
  const all = Array.from(cards, (card) => new Chart(card, data.charts[Number(card.dataset.chart)]));
  const redraw = () => { keep(); all.forEach((chart) => chart.draw()); };
  const theme = () => {
    const dark = state.theme ? state.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  };
  const tool = (id) => document.getElementById(id);
  tool("smooth").value = state.smooth;
  tool("smooth").oninput = (e) => { state.smooth = Number(e.target.value); redraw(); };
  tool("x").value = state.x;
  tool("x").onchange = (e) => { state.x = e.target.value; redraw(); };
  tool("theme").onclick = () => { state.theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark"; theme(); keep(); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", theme);
  theme();
  // Links keep what was chosen out of the address, so they scroll by themselves.
  document.querySelectorAll("nav a").forEach((a) => { a.onclick = (e) => { e.preventDefault(); document.querySelector(a.getAttribute("href")).scrollIntoView({ behavior: "smooth" }); }; });
  const live = tool("live");
  if (live) {
    live.checked = state.live;
    live.onchange = () => { state.live = live.checked; keep(); };
    setInterval(() => { if (state.live && !document.hidden) location.reload(); }, Number(live.dataset.seconds) * 1000);
  }
})();
