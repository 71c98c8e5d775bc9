// What the marketer's pages do beyond what they do without scripts: addresses are copied with one tap, and a page that
// shows open days keeps itself current.
(() => {
  for (const button of document.querySelectorAll('button[data-copy]')) {
    const field = document.getElementById(button.dataset.copy);
    const select = () => field.select ? field.select() : getSelection().selectAllChildren(field);
    field.addEventListener('focus', select);
    button.hidden = false;
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(field.value || field.textContent);
      } catch {
        // Over plain http there is no clipboard but this one.
        select();
        document.execCommand('copy');
      }
      document.getElementById(button.dataset.said).textContent = button.dataset.done;
    });
  }

  const part = () => document.querySelector('[data-live]');
  if (!part()) return;

  // Makes a piece of the page what it has become, and touches nothing that stayed as it was: not where the reader is, nor
  // what they have opened.
  const patch = (here, fresh) => {
    if (here.isEqualNode(fresh)) return;
    const [now, then] = [[...here.childNodes], [...fresh.childNodes]];
    if (here.nodeName !== fresh.nodeName || now.length !== then.length) return here.replaceWith(fresh);
    if (here.attributes) {
      for (const { name } of [...here.attributes]) {
        if (name !== 'open' && !fresh.hasAttribute(name)) here.removeAttribute(name);
      }
      for (const { name, value } of fresh.attributes) {
        if (here.getAttribute(name) !== value) here.setAttribute(name, value);
      }
    } else {
      here.nodeValue = fresh.nodeValue;
    }
    now.forEach((child, place) => patch(child, then[place]));
  };

  let stream;
  const close = () => {
    if (stream) stream.close();
    stream = null;
  };

  let asking = false;
  let again = false;
  const refresh = async () => {
    again = asking;
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: 'text/html' }, redirect: 'error' });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = page.querySelector('[data-live]');
      if (answer.ok && fresh) {
        const link = document.activeElement && document.activeElement.getAttribute('href');
        patch(part(), fresh);
        if (link && document.activeElement === document.body) {
          const same = [...part().querySelectorAll('a')].find(a => a.getAttribute('href') === link);
          if (same) same.focus({ preventScroll: true });
        }
      }
    } catch {
      // The session may be over, or the service away: what is there stays.
    }
    asking = false;
    if (again) refresh();
  };

  // A page that nobody sees holds no connection, of which a browser has few; when it is seen again it is told what it
  // has missed.
  const open = () => {
    if (stream || document.hidden) return;
    stream = new EventSource(part().dataset.live);
    stream.addEventListener('changed', refresh);
  };
  document.addEventListener('visibilitychange', () => document.hidden ? close() : open());
  addEventListener('pagehide', close);
  addEventListener('pageshow', open);
  open();
})();
