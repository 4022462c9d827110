// Runs in every frame from its first moment: when was the page last changed, when did a figure first stand there?
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const seen = { last: now(), figure: null, clicked: null };
  window.__painted = seen;
  // What moves without being content: the header's running mark, menus, tooltips, what is said to screen readers.
  const noise = '[data-testid="stHeader"], [data-testid="stToolbar"], [data-testid="stStatusWidget"], [data-baseweb="popover"], [data-baseweb="tooltip"], [data-live-announcer]';
  // A table is painted on a canvas; the elements within the canvas are for reading aloud and come later.
  const draws = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (...words) { seen.last = now(); return draws.apply(this, words); };
  const isNoise = (node) => {
    const element = node.nodeType === 1 ? node : node.parentElement;
    return element === null || element.closest(noise) !== null || element.closest('canvas') !== null || element.closest('body') === null;
  };
  const after = (records) => {
    if (!records.some((r) => !isNoise(r.target))) return;
    seen.last = now();
    if (seen.figure === null) {
      const figure = document.querySelector('[data-testid="stMetricValue"]');
      if (figure && figure.textContent.trim()) requestAnimationFrame(() => { seen.figure ??= now(); });
    }
  };
  const watch = () => new MutationObserver(after).observe(document.documentElement, {
    childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ['d', 'src', 'points', 'data-stale'],
  });
  if (document.documentElement) watch(); else document.addEventListener('readystatechange', watch, { once: true });
  document.addEventListener('click', () => { seen.clicked = now(); }, true);
})();
