// The share buttons: <entrenous-share key="ens_pk_…"></entrenous-share>.
//
// A tap opens the app, or fills the clipboard, at once: with a code that was reserved before it is
// needed, while the claim of that code travels. Where the service does not answer, the page's own
// address is shared. Nothing is stored and no cookie is set; of the page it reads what it is given
// and the canonical address, title and language.
//
// scripts/assets minifies this file, and replaces STYLE by share.css and BUILT_IN_CHANNELS by
// config/channels.toml. So the text depends on the release only. At the address with its hash, the
// service serves it as it is: the script then reads its settings from the element that loads it.
// At /share.js, the service replaces the empty settings in the last line by its own.
(settings => {
  if (customElements.get('entrenous-share')) return;

  // A module script is not the current one.
  const loader = document.currentScript || document.querySelector('script[src*="/static/share."]');
  const service = settings.service || loader.dataset.service || new URL('..', loader.src).href.slice(0, -1);
  const channels = { ...BUILT_IN_CHANNELS, ...settings.channels || JSON.parse(loader.dataset.channels || '{}') };

  const WORDS = {
    en: {
      group: 'Share this page', by: 'Share by ', copy: 'Copy link', native: 'Share…', qr: 'QR code',
      copied: 'Link copied', paste: '. Paste it into ', address: 'Short link', close: 'Close',
    },
    fr: {
      group: 'Partager cette page', by: 'Partager par ', copy: 'Copier le lien', native: 'Partager…', qr: 'Code QR',
      copied: 'Lien copié', paste: '. Collez-le dans ', address: 'Lien court', close: 'Fermer',
    },
  };

  // Lines in a square of 24; a channel that has none here gets those of `other`.
  const ICONS = {
    whatsapp: 'M3 21l1-5A9 9 0 1 1 8 20zM9 8c-1 4 3 8 7 7v-2l-2-1-1 1-2-2 1-1-1-2z',
    email: 'M3 5h18v14H3zl9 8 9-8',
    sms: 'M4 4h16v12h-9l-5 4v-4H4zM8 10h0M12 10h0M16 10h0',
    copy: 'M10 14a4 4 0 0 0 6 0l4-4a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-4 4a4 4 0 0 0 6 6l1-1',
    native: 'M12 15V3M8 7l4-4 4 4M8 11H5v10h14V11h-3',
    qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2M20 14v2M14 20h2M19 19h1v1h-1z',
    telegram: 'M3 11l18-7-4 16-6-5-3 4-1-6zM7 13l14-9-10 11',
    other: 'M4 21v-4a9 8 0 1 1 4 2zM8 11h8M8 14h5',
  };

  // A sheet of this kind is not held back by a Content-Security-Policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);

  const make = (tag, attributes, ...children) => {
    const element = document.createElementNS('http://www.w3.org/' + (/svg|path/.test(tag) ? '2000/svg' : '1999/xhtml'), tag);
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    element.append(...children);
    return element;
  };

  const post = async (key, path, body, time) => {
    const answer = await fetch(`${service}/api/v1/${path}`, {
      method: 'POST',
      keepalive: true,
      referrerPolicy: 'no-referrer',
      headers: { authorization: 'Bearer ' + key, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(time),
    });
    if (!answer.ok) throw answer;
    return answer.json();
  };

  // The reserved codes of each key and shared address, for all buttons of a page together. `down`: the
  // service did not answer, or refused.
  const pools = {};
  const poolOf = (key, url) => pools[key + ' ' + url] ||= { codes: [], next: 0 };

  // Sees to it that there are codes, with at most one request in ten seconds. The service keeps
  // them for an hour; ten minutes less leave time for the claim. It judges the whole address before it
  // hands out a code, and a code that it has handed out always becomes a link to that address.
  const reserve = async (key, url) => {
    const pool = poolOf(key, url), now = Date.now();
    if (now > pool.end) pool.codes = [];
    if (!pool.codes[2] && now > pool.next) {
      pool.next = now + 1e4;
      try {
        pool.codes = (await post(key, 'codes', { url }, 1e4)).codes;
        pool.end = now + 3e6;
        pool.down = 0;
      } catch ({ status }) {
        // Who is only refused codes, because too many were asked for, can still make links.
        pool.down = status != 429;
      }
    }
  };

  // Says what a code stands for, until the service has heard it: after 1, 3, 9 … 81 seconds, whenever
  // the device comes online, and when the page is left. A claim that arrives twice is one. Answers
  // whether it holds.
  const claim = async (key, link) => {
    for (let wait = 1e3; ; wait *= 3) {
      try {
        return await post(key, 'links', link, 8e3);
      } catch ({ status }) {
        if (status < 500 && status != 429) return poolOf(key, link.url).down = 1, 0;
      }
      await new Promise(resolve => {
        if (wait < 1e5) setTimeout(resolve, wait);
        for (const sign of ['online', 'pagehide']) addEventListener(sign, resolve, { once: true });
      });
    }
  };

  const isPhone = /Mobi|Android|iP[aho]/.test(navigator.userAgent);

  customElements.define('entrenous-share', class extends HTMLElement {
    connectedCallback() {
      const root = this.shadowRoot || this.attachShadow({ mode: 'open' });
      const given = name => this.getAttribute(name);
      const key = given('key');
      const lang = /^fr/i.test(this.closest('[lang]')?.lang) ? 'fr' : 'en';
      const words = WORDS[lang];
      const last = {};

      // What is shared now. Without a canonical address: the present one, without what other links
      // have glued on.
      const page = () => {
        const here = new URL(location), query = here.searchParams;
        const parent = given('parent') || query.get('ens');
        for (const name of [...query.keys()]) if (/^(ens|utm_.*|fbclid|gclid)$/.test(name)) query.delete(name);
        here.hash = '';
        const url = given('url') || document.querySelector('link[rel=canonical]')?.href || here;
        const title = (given('title') || document.title).replace(/\s+/g, ' ').trim();
        const campaign = given('campaign');
        return {
          url: new URL(url, document.baseURI).href,
          ...title && { title: [...title].slice(0, 200).join('') },
          ...campaign && { campaign },
          ...parent && { parent },
        };
      };

      // One share of the page: at once where a code is at hand or the service is known to be down,
      // else soon.
      const begin = channel => {
        const link = { ...page(), channel }, pool = poolOf(key, link.url);
        const share = ({ code = null, short_url: url = link.url, claimed }) => {
          this.dispatchEvent(new CustomEvent('entrenous:shared', { bubbles: true, composed: true, detail: { channel, code, url } }));
          return { url, title: link.title || '', claimed };
        };
        const kept = Date.now() < pool.end && pool.codes.pop();
        reserve(key, link.url);
        if (kept) return share({ ...kept, claimed: claim(key, { ...link, claim: kept.claim }) });
        if (pool.down) return share({});
        return post(key, 'links', link, 1.5e3).then(made => share({ ...made, claimed: 1 }), () => {
          pool.down = 1;
          return share({});
        });
      };

      const show = async (heading, url, claimed) => {
        const picture = make('figure');
        const field = make('input', { readonly: '', value: url, 'aria-label': words.address, part: 'field' });
        const close = make('button', { part: 'button close' }, words.close);
        const dialog = make('dialog', { 'aria-label': heading, closedby: 'any', part: 'dialog' }, make('h2', {}, heading), field, close);
        field.onfocus = () => field.select();
        close.onclick = () => dialog.close();
        dialog.onclose = () => dialog.remove();
        if (claimed) field.before(picture);
        box.append(dialog);
        dialog.showModal();
        if (await claimed) picture.append(make('img', { src: url + '/qr.svg', alt: heading }));
      };

      const controls = (given('channels') || 'whatsapp email sms copy native').split(/[\s,]+/).map(channel => {
        const [label, desktop, phone] = channels[channel] || [];
        if (!label || channel == 'native' && !navigator.share) return '';
        const app = isPhone && phone || desktop;
        const control = make(app ? 'a' : 'button', { part: 'button ' + channel, 'aria-label': words[channel] || words.by + label },
          make('svg', { viewBox: '0 0 24 24', part: 'icon', 'aria-hidden': true }, make('path', { d: ICONS[channel] || ICONS.other })),
          make('span', { part: 'label' }, words[channel] || label));

        // Before a tap, and for all that is none (a menu, a new tab), a link leads to the service,
        // which makes the short link and forwards to the app.
        control.ready = () => {
          control.href = `${service}/share/${channel}?${new URLSearchParams({ key, ...page() })}`;
        };
        if (app) {
          control.ready();
          control.rel = 'nofollow noreferrer';
          if (/^http/.test(app)) control.target = '_blank';
        }

        const finish = async ({ url, title, claimed }, go) => {
          if (app) {
            const text = title ? title + ' ' + url : url;
            return go(app.replace(/{(\w+)}/g, (_, part) => encodeURIComponent({ url, title, text }[part])));
          }
          try {
            if (channel == 'qr') return show(words.qr, url, claimed);
            if (channel == 'native') return await navigator.share({ title, url });
            await navigator.clipboard.writeText(url);
            said.textContent = words.copied + (words[channel] ? '' : words.paste + label);
            setTimeout(() => said.textContent = '', 5e3);
          } catch {
            // Who closes the share sheet wants nothing more; a clipboard that refuses leaves copying by hand.
            if (channel != 'native') show(words.copy, url);
          }
        };

        control.onclick = event => {
          // The second half of a double click.
          if (event.detail > 1) return event.preventDefault();
          const now = Date.now();
          if (!(now < last[channel]?.end)) last[channel] = { end: now + 2e3, share: begin(channel) };
          const { share } = last[channel];
          if (share.url) return finish(share, address => {
            // The browser follows the link when this event is over.
            control.href = address;
            setTimeout(control.ready);
          });
          event.preventDefault();
          // Opened later, it would be a pop-up.
          const tab = control.target ? open('about:blank') : null;
          if (tab) tab.opener = null;
          share.then(share => finish(share, address => (tab || self).location = address));
        };
        return control;
      });

      // The empty title keeps the element's own from being a hint over the buttons.
      const row = make('div', { role: 'group', 'aria-label': given('label') || words.group, part: 'row', title: '' }, ...controls);
      const said = make('p', { role: 'status', part: 'status' });
      const box = make('section', { lang }, row, said);
      row.onpointerover = event => {
        event.target.closest('a')?.ready();
        reserve(key, page().url);
      };
      root.adoptedStyleSheets = [sheet];
      root.replaceChildren(box);

      // Codes are asked for when somebody may need them and the browser has nothing else to do.
      new IntersectionObserver((seen, observer) => {
        if (seen.some(entry => entry.isIntersecting)) {
          observer.disconnect();
          (self.requestIdleCallback || setTimeout)(() => reserve(key, page().url));
        }
      }).observe(this);
    }
  });
})({});
