// What pages do more when there is JavaScript. Each part looks for an attribute;
// without it, and without JavaScript, everything works by links and forms.
'use strict';

// each does something to every element of the kind, once.
function each(root, selector, enhanced, fn) {
  for (const element of root.querySelectorAll(selector)) {
    if (element[enhanced]) continue;
    element[enhanced] = true;
    fn(element);
  }
}

// Moments in the reader's own zone: <time data-local="time|day|ago">, and of a
// picture <text data-local="hour" data-at="...">.
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const hour = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

function localTimes(root) {
  for (const t of root.querySelectorAll('time[data-local]')) {
    const at = new Date(t.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    t.title = moment.format(at);
    if (t.dataset.local === 'time') t.textContent = moment.format(at);
    if (t.dataset.local === 'day') t.textContent = date.format(at);
  }
  for (const t of root.querySelectorAll('text[data-local="hour"]')) {
    t.textContent = hour.format(new Date(t.dataset.at));
  }
}

// A part of the page that keeps itself true: <div data-live="/activity/live">.
function liveParts(root) {
  each(root, '[data-live]', 'lives', (part) => {
    let source;
    const show = (message) => {
      if (!part.isConnected) return source.close();
      const focused = part.contains(document.activeElement) && document.activeElement.id;
      part.innerHTML = message.data;
      enhance(part);
      if (focused) document.getElementById(focused)?.focus();
    };
    // Only a page that is looked at asks: a browser has few connections for a host.
    const turn = () => {
      source?.close();
      if (document.hidden || !part.isConnected) return;
      source = new EventSource(part.dataset.live);
      source.onmessage = show;
    };
    document.addEventListener('visibilitychange', turn);
    addEventListener('pagehide', () => source?.close());
    turn();
  });
}

// Search as you type: <form data-search="#results"> fetches its own page and
// takes the part with that id out of it.
function searches(root) {
  each(root, 'form[data-search]', 'searches', (form) => {
    let waiting, running;
    const ask = async () => {
      const query = new URLSearchParams(new FormData(form));
      for (const [name, value] of [...query]) if (value === '') query.delete(name);
      const address = form.getAttribute('action') + (query.size ? '?' + query : '');
      running?.abort();
      running = new AbortController();
      try {
        const answer = await fetch(address, { headers: { 'X-Requested-With': 'console', Accept: 'text/html' }, signal: running.signal });
        if (answer.status === 401) return location.reload();
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
        const next = page.querySelector(form.dataset.search), now = document.querySelector(form.dataset.search);
        if (!next || !now) return;
        now.replaceWith(document.adoptNode(next));
        enhance(next.parentElement);
        history.replaceState(null, '', address);
      } catch (error) {
        if (error.name !== 'AbortError') throw error;
      }
    };
    form.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(ask, 120); });
    form.addEventListener('change', () => { clearTimeout(waiting); ask(); });
    form.addEventListener('submit', (event) => { event.preventDefault(); clearTimeout(waiting); ask(); });
    for (const button of form.querySelectorAll('[data-without-script]')) button.hidden = true;
  });
}

// Choosing rows: <table data-choose> with checkboxes name="id"; the bar of
// actions of the same form shows how many.
function choosing(root) {
  each(root, 'table[data-choose]', 'chooses', (table) => {
    const boxes = [...table.querySelectorAll('tbody input[name="id"]')];
    const all = table.querySelector('thead input[type="checkbox"]');
    const bar = table.closest('form')?.querySelector('.bar');
    const show = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      if (all) { all.checked = chosen > 0 && chosen === boxes.length; all.indeterminate = chosen > 0 && chosen < boxes.length; }
      if (bar) {
        bar.hidden = chosen === 0;
        for (const count of bar.querySelectorAll('[data-count]')) count.textContent = chosen;
      }
      for (const box of boxes) box.closest('tr').classList.toggle('chosen', box.checked);
    };
    all?.addEventListener('change', () => { for (const box of boxes) box.checked = all.checked; show(); });
    table.addEventListener('change', show);
    show();
  });
}

// <button data-copy="#id"> copies a value or text.
function copying(root) {
  each(root, 'button[data-copy]', 'copies', (button) => {
    button.hidden = false;
    button.addEventListener('click', async () => {
      const from = document.querySelector(button.dataset.copy);
      const was = button.textContent;
      try {
        await navigator.clipboard.writeText(from.value ?? from.textContent.trim());
        button.textContent = 'Copied';
      } catch {
        // Over http browsers have no clipboard for pages: choose the text instead.
        const range = document.createRange();
        range.selectNodeContents(from);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        button.textContent = 'Press Ctrl+C';
      }
      setTimeout(() => { button.textContent = was; }, 2000);
    });
  });
}

// <button data-dialog="id"> opens a dialog.
function dialogs(root) {
  each(root, 'button[data-dialog]', 'opens', (button) => {
    button.addEventListener('click', (event) => {
      event.preventDefault();
      document.getElementById(button.dataset.dialog)?.showModal();
    });
  });
}

// A form is sent once, and says that it is on its way; but for a button that
// brings a file, after which the page is still there.
function sending(root) {
  each(root, 'form[method="post"]', 'sends', (form) => {
    form.addEventListener('submit', (event) => {
      if (event.submitter?.hasAttribute('data-download')) return;
      form.setAttribute('aria-busy', 'true');
      setTimeout(() => { for (const button of form.querySelectorAll('button')) button.disabled = true; });
    });
  });
}

// <select data-submit> sends its form by itself.
function submitting(root) {
  each(root, '[data-submit]', 'submits', (field) => {
    field.addEventListener('change', () => field.form.requestSubmit());
  });
}

// What scrolls by itself can be scrolled with the keyboard.
function scrolling(root) {
  each(root, '.table-wrap, pre', 'scrolls', (part) => {
    new ResizeObserver(() => {
      if (part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight) part.tabIndex = 0;
      else part.removeAttribute('tabindex');
    }).observe(part);
  });
}

function enhance(root) {
  localTimes(root); liveParts(root); searches(root); choosing(root); copying(root); dialogs(root); sending(root); submitting(root); scrolling(root);
}

// Wide screens show the navigation at once; small ones fold it.
const menu = document.querySelector('[data-menu]');
if (menu) {
  const wide = matchMedia('(min-width: 60rem)');
  const fold = () => { menu.open = wide.matches; };
  wide.addEventListener('change', fold);
  fold();
}

// Back from the browser's memory: forms are fresh again.
addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll('form[aria-busy]')) {
    form.removeAttribute('aria-busy');
    for (const button of form.querySelectorAll('button')) button.disabled = false;
  }
});

// The / key goes to the search.
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.('input, textarea, select, [contenteditable]')) return;
  const search = document.querySelector('input[type="search"]');
  if (search) { event.preventDefault(); search.focus(); search.select(); }
});

enhance(document);
