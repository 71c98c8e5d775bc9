### The pages in English. Names, arguments and markup are the same in every language; a test holds them to that.
### A message with markup is shown as it stands, with what is filled in escaped; every other one is plain text.

## Every page

page-skip = Skip to the content
page-nav = Main
page-stats = Stats
page-new = New links
page-privacy = Privacy
page-sign-out = Sign out
page-languages = Language
page-footer = Visitors are counted only with consent.
page-footer-privacy = What is stored

too-few = too few to show
channel-email = E-mail
channel-copy = Copied link
channel-native = Share sheet
channel-qr = QR code
channel-other = Other
app-other = other apps

## The question of consent

consent-title = On the way to { $host }
consent-over = This link leads to
consent-text = If you allow it, { $publisher } counts one click on this link today, and whether you are a new visitor today. No address and no browser details are kept, and nothing that sets you apart from others outlives the day.
consent-lineage = If you allow it, { $host } also learns which link brought you: the link’s code is added to the address as the parameter “ens”. Links shared from that page then refer to this one.
consent-remembered = If you allow or refuse, a cookie remembers that choice and nothing else, for six months and for { $publisher } only. You can <a href="{ $privacy }">change your mind</a> at any time.
consent-allow = Allow and continue
consent-refuse = Refuse and continue
consent-later = Continue without choosing
consent-receipt = Receipt of this link

## The receipt of a link

receipt-title = Receipt of /{ $code }
receipt-over = Receipt of the link <b>{ $address }</b>
receipt-active = Leads to { $host }
receipt-expired = This link has expired
receipt-disabled = This link is switched off
receipt-expired-text = It no longer forwards anybody. It used to lead to the page below.
receipt-disabled-text = Its publisher switched it off, so it forwards nobody. It used to lead to the page below.
receipt-link = The link
receipt-destination = Destination
receipt-channel = Channel
receipt-campaign = Campaign
receipt-made = Created on
receipt-expires = Expires on
receipt-expired-on = Expired on
receipt-qr = QR code
receipt-qr-files = <a href="{ $svg }">SVG</a> or <a href="{ $png }">PNG</a>, to print
receipt-stores = What your click would store
receipt-not-active = <b>Nothing.</b> A link that does not forward counts no clicks.
receipt-granted = <b>One click on this link today</b>, and a tag that keeps a second click today from counting as a second visitor.
receipt-granted-more = You have allowed it. The tag is a keyed hash. At midnight UTC its key is destroyed, and of the tags only their number remains.
receipt-denied = <b>Nothing.</b> You have refused, and not even your refusal is recorded here.
receipt-signal = <b>Nothing.</b> Your browser sends Global Privacy Control or Do Not Track, which counts as a refusal.
receipt-ask = <b>Nothing before you answer.</b> You would be asked one question first, and every answer leads to the page.
receipt-ask-more = If you allow it: one click on this link today, and a tag whose key is destroyed at midnight UTC. If you refuse or do not choose: nothing.
receipt-skip = <b>Nothing.</b> You have not been asked, so you are not counted.
receipt-aggregate = <b>One more open of this link today.</b> No tag, no visitor: only a number goes up.
receipt-aggregate-more = You have not been asked. If you <a href="{ $privacy }">refuse</a>, not even that is stored.
receipt-lineage = Once you have allowed it, { $host } also learns which link brought you: the link’s code is added to the address as the parameter “ens”. Otherwise it is not.
receipt-privacy = This link belongs to { $publisher }. You can <a href="{ $privacy }">give, change or withdraw your answer</a> at any time.
receipt-counted-nothing = Nothing was counted when you viewed this receipt.
receipt-continue = Continue to { $host }

## Privacy

privacy-title = Privacy
privacy-heading = What is stored, and what never is
privacy-lead = A link counts a visitor only if that person agrees, and it never learns who that person is.
privacy-answer = Your answer to { $publisher } in this browser
privacy-granted = <b>Allowed.</b> When you open one of its links, one click is counted.
privacy-denied = <b>Refused.</b> When you open one of its links, nothing is stored.
privacy-unknown = <b>No answer yet.</b> You are counted as a visitor only after you have allowed it.
privacy-signal = <b>Your browser says no.</b> It sends Global Privacy Control or Do Not Track. That overrides any answer below: nothing is stored, and you are not asked.
privacy-allow = Allow
privacy-refuse = Refuse
privacy-forget = Forget my answer
privacy-cookie = Your answer applies to { $publisher } only. A cookie in this browser keeps it for six months, is not renewed, and holds nothing but yes or no. Forgetting your answer deletes the cookie.
privacy-lineage = While you allow it, the pages that these links lead to also learn which link brought you: the link’s code is added to their address as the parameter “ens”. Otherwise it is not.
privacy-answers = Your answers in this browser
privacy-answers-text = Each publisher asks separately, and your answer to one does not apply to another. To change an answer, use the link in the question or in the receipt of one of that publisher’s links. To open a receipt, add + to the link’s address.
privacy-forget-all = Forget all my answers
privacy-stored = What is stored when a link is opened
privacy-who = Who opens it
privacy-what = What is stored, for that link and that day
privacy-who-allowed = Somebody who allowed it
privacy-what-allowed = Clicks + 1, a tag in that day’s set of visitors, and one of 256 groups of networks in that day’s set of networks. When the day ends, only the sizes of both sets remain, until the day’s numbers are computed from them.
privacy-who-refused = Somebody who refused, or whose browser refuses for them (Global Privacy Control, Do Not Track)
privacy-what-refused = Nothing, not even that they refused.
privacy-who-unknown = Somebody who has not answered
privacy-what-unknown = Nothing. On a site that counts opens: that day’s opens + 1, without a tag and separate from the clicks.
privacy-who-preview = A chat app’s preview bot
privacy-what-preview = Unfurls + 1. It shows that the link was pasted somewhere; it is never a click.
privacy-who-robot = Any other robot
privacy-what-robot = Nothing.
privacy-never = What is never stored, logged or passed on
privacy-never-address = Your IP address
privacy-never-browser = Your browser’s name or version
privacy-never-referrer = The page you came from
privacy-never-mark = Any identifier for you that outlives the day
privacy-never-sharer = Who shared the link
privacy-tag = How a tag is made
privacy-tag-text = To count a visitor only once a day, the service computes a tag:
privacy-tag-formula = HMAC-SHA256(day key, "v1" ‖ code ‖ address ‖ user agent)
privacy-tag-parts = Each part is preceded by its length, and the result is truncated to 16 bytes. The address is the IP address; for IPv6, only its first 64 bits.
privacy-tag-key-shared = The day key is 32 random bytes. The machines of this service share it through a store that keeps it in memory and writes nothing to a disk, and it is destroyed when the day ends, at midnight UTC. After that nobody, including us, can compute the same tag again or test a guess.
privacy-tag-key-unknown = The day key is 32 random bytes. The machines of this service share it through a store that does not say whether it writes to a disk, and it is destroyed there and here when the day ends, at midnight UTC. If no copy of such a disk was kept, nobody, including us, can compute the same tag again or test a guess after that.
privacy-tag-key-disk = The day key is 32 random bytes. The machines of this service share it through a store that also writes it to its disk, and it is deleted when the day ends, at midnight UTC. But that disk, or a copy of it, may still hold the key: anybody who has one could find out later whether a given address and browser opened a given link on that day.
privacy-tag-key = The day key is 32 random bytes. It is never written to a disk, and it is destroyed when the day ends, at midnight UTC. After that nobody, including us, can compute the same tag again or test a guess.
privacy-tag-code = The link’s code is part of the tag, so the same person has unrelated tags on two links.
privacy-tag-network = Your network (the first 24 bits of the address, 48 of an IPv6 one) falls into one of 256 groups, and that group is stored beside the tag. A second key, derived from the day key, decides which group. It serves to tell many people from one person with many browsers. Thousands of networks share a group. On disk it is hidden by a byte that only the day key yields, and it is lost with that key.
privacy-seen = What the publisher sees
privacy-seen-text = Numbers by link, page, campaign, channel and day. Nothing else exists. Numbers are kept for { $months } months.
privacy-seen-exact = This publisher has chosen exact numbers, which are shown immediately. Anybody who may see them can therefore tell that a link was opened once, and when, but not by whom.
privacy-seen-few = This publisher’s numbers are protected, with k = { $k }. The numbers of a day are shown after it has ended (midnight UTC), rounded to multiples of { $k }, up or down at random.
privacy-seen-own = A link’s own number for a day is shown only if both the people who opened it and the networks they came from reach a threshold. It is drawn anew for each link and day, nobody knows it, and it lies between k + 1 and 2k.
privacy-seen-pool = Smaller numbers are added to the week of their page, channel and campaign, or of their channel alone, under the same condition. Numbers that are still too small are deleted. If a page has only one link, the page’s week is that link’s.
privacy-seen-today = For today, only totals of the whole site and of each channel are shown. They are rounded, they change on the hour, and they appear only after visitors from at least { $k } more networks have come.
privacy-seen-attack = Somebody who controls fewer than { $k } networks does not learn from these numbers whether you clicked a link on a given day. Somebody who controls more sees, for days that have ended and with a probability of at least { $chance }%, exactly what they would have seen without your click.
privacy-seen-more = The more there is to see, the weaker the protection: if you open a link again and again, several links to one page, or one link on many days, each is one more chance. Opens, on a site that counts them, come without networks, because you were not asked: there, somebody who opens a link very often can learn whether one more person did.
privacy-seen-each = Each publisher chooses whether its numbers are exact or protected. Protected numbers are rounded, and each stands for more than a certain number of people from as many networks. The page about your answer to a publisher says which it has chosen.
privacy-check = Check it yourself
privacy-check-text = If you run this service, you do not have to take this page’s word for it. With the embedded store, everything is in one SQLite file (<code>data/entrenous.db</code> by default) and a journal of completed clicks:
privacy-check-address = YOUR IP ADDRESS
privacy-check-more = The first command lists every column there is, the second lists everything in them, and the third looks for an address and finds none. With Redis or Valkey:
privacy-footer = This page has no scripts and loads nothing from anywhere else.

## A link that was just shared

share-title = Your link
share-heading = Your link is ready
share-lead = Select it, copy it, and paste it into your message. It leads to { $host }.
share-address = Short address
share-qr = QR code of { $address }
share-camera = Scan this code with a phone to get the same address.
share-back = Back to { $host }

waiting-title = This link is on its way
waiting-over = One moment
waiting-lead = It was shared only moments ago and has not arrived here yet.
waiting-text = This page checks again automatically in two seconds.
waiting-again = Check again now

## The first page

try-title = Try it
try-title-landing = Private short links
try-heading = Which private channel does a page travel through?
try-lead = Entrenous is a short-link service that counts shares and clicks by channel, without knowing who shared a link or who opened it.
try-why = You see this page because the service has just started for the first time, on your own machine. Four steps show you everything.
try-share = Share a page
try-made = Here is the link, created for the channel { $channel }:
try-send = Send it with { $channel }
try-another = Create another one
try-share-text = Every share creates one link, so each link knows its channel.
try-page = Page to share
try-channel = Channel
try-make = Create the link
try-wrong-url = The address { $reason }.
try-wrong-channel = The channel { $reason }.
try-open = Open it
try-open-text = Be the visitor for a moment. The link opens in a new tab, so this page stays open.
try-open-link = Open the link
try-open-receipt = Want to look first? <a href="{ $receipt }">The receipt</a> says where the link leads and what a click would store. Viewing it counts nothing.
try-answer = Answer the question
try-answer-text = All three answers lead to the page. Only <b>Allow and continue</b> is counted.
try-answer-more = No question? Then your browser sends Global Privacy Control or Do Not Track, which counts as a refusal: nothing is stored. To be asked again after an answer, forget it on the <a href="{ $privacy }">privacy page</a>.
try-read = Read the numbers
try-read-text = Sign in with the secret key (<code>ens_sk_…</code>) that the terminal printed at the first start.
try-read-open = Open the stats
try-read-few = A click does not appear immediately, and never alone: this site shows rounded numbers for days that have ended.
try-read-exact = This site shows exact numbers, so your click appears immediately. Other sites show rounded numbers for days that have ended, unless you choose otherwise.
try-later-open = Be the visitor for a moment.
try-later-answer = One honest question, three equal buttons.
try-later-read = What the marketer sees, and what nobody can.
try-buttons = Put the buttons on your pages
try-buttons-text = Put these two lines where the buttons should appear. The key is the publishable key (<code>ens_pk_…</code>) that the terminal printed; anybody may see it.
try-buttons-fixed = The first line can also name one exact version of the script. Upgrades keep serving it for a year:
try-privacy = What is stored, and what is not
try-publishers = For publishers: the share buttons

## Signing in

sign-in-title = Sign in
sign-in-heading = Sign in to the stats
sign-in-name = Name
sign-in-name-hint = With the site’s secret key, leave the name empty.
sign-in-key = Password, or secret key
sign-in-hint = The key begins with <code>ens_sk_</code> and was shown once, when the site was created. The publishable key (<code>ens_pk_</code>) does not open the stats.
sign-in-wrong = The name or the password is wrong. After a few attempts, each takes a little longer.
sign-in-publishable = This is the publishable key. The stats open with the secret key, which begins with ens_sk_.
sign-in-unknown = No site has this key. Was it copied whole, or rotated since?

## People, sessions, shared views

people-title = People
people-of = People of { $site }
people-text = These people may sign in to the stats of { $site }. Only the name that you choose here, the role and a hash of the password are stored.
people-made = A password for { $name }
people-made-text = It is shown only once, so pass it on in a way that you trust. It can be changed under <b>Sessions</b>.
people-all = People who may sign in
people-none = Nobody has been added yet. Anybody who has the site’s secret key is an owner.
people-owner = Owner
people-reader = Reader
people-you = you
people-change = Change { $name }
people-make-reader = Make reader
people-make-owner = Make owner
people-new-password = New password
people-remove = Remove { $name }
people-ends = Setting a new password or removing somebody ends their sessions immediately.
people-add-somebody = Add somebody
people-role = Role
people-reader-may = Reader: can view and export the stats
people-owner-may = Owner: can also manage links, people and shared views
people-password = Password
people-password-hint = At least 12 characters. If you leave it empty, one is generated and shown once.
people-add = Add
people-taken = Somebody has this name already. Choose another one.
people-busy = The service cannot do this for the moment.
form-wrong = The { $name } { $reason }.
form-wrong-now = Not now: { $reason }.
form-wrong-last-day = The last day { $reason }.

sessions-title = Sessions
sessions-of-all = Everybody who is signed in to the stats of { $site }.
sessions-of-one = Where you are signed in.
sessions-kept = A session records only who signed in and when: no address and no browser details.
sessions-changed = <b>Your password has been changed.</b> Your other sessions have ended.
sessions-all = All sessions
sessions-key = Secret key
sessions-own = This session
sessions-times = Started { $began }. Last used { $used }. Ends { $ends } if it is not used.
sessions-time = { $day }, { $time } UTC
sessions-end-own = End this session
sessions-end-one = End session { $number }
sessions-end = End
sessions-end-others = End all others
sessions-password = Your password
sessions-old = Old password
sessions-old-wrong = The old password is wrong.
sessions-new = New password
sessions-new-hint = At least 12 characters. Changing it ends your other sessions.
sessions-change = Change the password

views-title = Shared views
views-of = Shared views of { $site }
views-text = A shared view is an address that lets others read some of these numbers without signing in, until it expires or you revoke it.
views-made = The address of the new view
views-made-text = It is shown only once. Anybody who has it can read the view.
views-made-few = Like every page, the view shows only closed days and weeks, rounded to multiples of { $k } and without small numbers. Shares are rounded down, too.
views-now = Current views
views-none = Nothing is shared.
views-locked = With a password
views-until = until { $day }
views-revoke = Revoke
views-revoke-one = Revoke { $name }, until { $day }
views-share-one = Share a view
views-shows = What it shows
views-site = The whole site
views-page = One page
views-campaign = One campaign
views-of-page = Page { $name }
views-of-campaign = Campaign { $name }
views-part = Page or campaign
views-part-hint = The full address of the page, or the name of the campaign. Leave it empty for the whole site.
views-last-day = Last day (UTC)
views-password-hint = At least 12 characters. If you leave it empty, the address alone opens the view.
views-share = Share
views-share-this = Share this view
views-copy = Copy the address
views-everybody = For everybody
views-public = The numbers of { $site } are public, at <a class="long" href="{ $address }">{ $address }</a>.
views-private = The numbers of { $site } are not public.
views-make-private = Make the numbers private
views-make-public = Make the numbers public
views-badges = Links have badges at <code class="long">{ $address }</code>. With <code>?of=page</code>, a badge counts for the whole page that the link leads to.
views-badges-off = Links have no badges. A badge is a small picture of a link’s total clicks that any page can show.
views-badges-switch-off = Switch badges off
views-badges-switch-on = Switch badges on

site-title = Settings
site-of = Settings of { $site }
site-text = These settings decide what the site’s links may do and which keys it has. Public numbers and badges are under Shared views.
site-unknown-proxy = <b>Visitors come through a proxy that this service does not know.</b> They all seem to be the proxy: too few visitors are counted, and they all share the limits meant for one. The operator of the service can add the proxy’s network to the setting <code>server.trusted_proxies</code>.
site-one-network = <b>Today’s clicks come from a few networks only.</b> If there is a proxy in front of the service, its operator can add the proxy’s network to the setting <code>server.trusted_proxies</code>.
site-saved = <b>Saved.</b> The settings apply from now on to new links and to visitors who arrive. Only the number of people behind a number (k) applies from tomorrow (UTC).
site-changed = These settings have been changed since you opened this page. Nothing has been saved yet: look at the new settings in another tab, or save again to replace them.
site-not-saved = Nothing was saved. Correct the fields that are marked below.
site-links = Links
site-destinations = Hosts that links may lead to
site-destinations-hint = One per line; each includes its subdomains, and <code>*</code> allows any host. Existing links keep working.
site-origins = Web pages that may create links
site-origins-hint = Their origins, one per line, such as <code>https://www.example.com</code>; <code>*</code> allows any. Only share buttons on these pages may use the publishable key. Programs have no origin and need none.
site-consent = Visitors who have not answered the question
site-consent-hint = Visitors who have answered are not asked again for six months. Global Privacy Control and Do Not Track are always respected.
site-consent-usual = Default of the service: { $policy }
site-consent-ask = Ask first
site-consent-skip = Forward, count nothing
site-consent-aggregate = Forward, count opens only
site-min-count = Number of people behind each number (k)
site-min-count-exact = 1: every number is exact
site-min-count-from = A change applies from tomorrow (UTC). Earlier days keep the numbers they have.
site-min-count-tomorrow = Today it is { $k }; from tomorrow (UTC) it is { $next }.
min-count-one = With 1, every number is exact and shown immediately, even that of a single person. Anybody who sees the numbers can therefore tell that a link was opened once, and when.
min-count-some = With k from 5 to 20, a link’s numbers for a day are shown after the day has ended, only if more than k people from more than k networks opened it, and rounded to multiples of k. Smaller numbers are shown only as part of the week of their page or channel, or not at all. For today, only the totals of the site and its channels are shown, and only now and then.
site-utm = UTM parameters
site-utm-hint = The parameters that tell the destination’s analytics about a share, such as <code>source={"{channel}"},medium=share,campaign={"{campaign}"}</code>. For a single channel, add a line such as <code>email:medium=newsletter</code>. Leave it empty to add none.
site-strip = Other parameters to remove from shared addresses
site-strip-hint = When a reader shares a page, anything that names a person or a session is removed from its address before it is stored: click identifiers such as <code>fbclid</code>, those of mailing tools such as <code>mc_eid</code>, e-mail addresses and tokens. Add further names here, one per line.
site-keep = Parameters to keep
site-keep-hint = One per line, if your pages need a parameter that would be removed.
site-forwarding = When a visitor is forwarded
site-forward-query = Pass on what follows the <code>?</code> of the short address
site-lineage = Tell the destination the link’s code (<code>ens=CODE</code>), so that you see which shares led to which
site-save = Save
site-wrong-none = At least one host is needed, or *.
site-wrong-destination = “{ $text }” is not a host such as example.com, an IP address, or *.
site-wrong-origin = “{ $text }” is not an origin such as https://www.example.com, or *.
site-wrong-utm = It cannot be read: { $reason }.
site-wrong-parameter = “{ $text }” is not the name of a parameter such as mc_eid.
site-keys = Keys
site-keys-text = Only hashes of the keys are stored. A lost key cannot be shown again, but it can be replaced.
site-key-new-publishable = The new publishable key
site-key-new-secret = The new secret key
site-key-new-text = It is shown only once. The old key no longer works.
site-key-publishable = Publishable key
site-key-publishable-text = Begins with <code>ens_pk_</code>. It is visible in your pages and can create links, nothing else.
site-key-publishable-replace = Replace the publishable key
site-key-publishable-ends = The old key stops working immediately; addresses that readers have already been given keep working. Until your pages have the new key, their buttons share the page’s own address, and nothing is counted.
site-key-publishable-sure = Create a new publishable key
site-key-secret = Secret key
site-key-secret-text = Begins with <code>ens_sk_</code>. Your programs use it, and it signs you in as an owner. Never put it in a web page.
site-key-secret-replace = Replace the secret key
site-key-secret-ends = The old key stops working immediately for every program that uses it, and the other sessions that were started with it end. People who signed in by name stay signed in.
site-key-secret-sure = Create a new secret key

unlock-title = A shared view
unlock-heading = This view is protected by a password
unlock-wrong = The password is wrong.
unlock-open = Open the view
unlock-who = The person who gave you the address knows the password.

shared-public = Public numbers of { $site }
shared-until = Shared view of { $site }, until { $day }
shared-steps = Shares are rounded down to multiples of { $k } for each day, so that over many small days fewer are shown than there were.

## The statistics

stats-title = Stats of { $name }
stats-shares = Shares
stats-unfurls = Unfurls
stats-clicks = Clicks
stats-visitors = Visitors
stats-clicks-per-share = Clicks per share
stats-opens = Opens
stats-channel = Channel
stats-page = Page
stats-campaign = Campaign
stats-link = Link
stats-day = Day (UTC)
stats-days = Days (UTC)
stats-shares-hint = one link each
stats-share = Share
stats-share-hint = created this link
stats-unfurls-hint = previews in chat apps
stats-clicks-hint = with consent
stats-visitors-hint = per link and day
stats-visitors-of-link-hint = per person and day
stats-clicks-per-share-unknown = not known
stats-clicks-per-share-hint = clicks ÷ shares
stats-from-shares = From shares to visitors
stats-back = ← { $name }
stats-open-page = Open the page
stats-filters = Only
stats-filter = { $what }: { $name }
stats-filter-remove = Remove: { $name }

stats-period = Period
stats-period-today = Today
stats-period-7d = 7 days
stats-period-30d = 30 days
stats-period-90d = 90 days
stats-period-12m = 12 months
stats-from = From
stats-to = To
stats-show = Show
stats-range = { $from } to { $to }, UTC days
stats-range-day = { $from }, a UTC day
stats-compared = compared with { $from } to { $to }
stats-compared-day = compared with { $from }
stats-period-wrong-day = Write a day as 2026-11-21. The last 30 days are shown.
stats-period-wrong-order = The last 30 days are shown: the first day must not be after the last one.
stats-period-too-long = The last 30 days are shown: a period has at most 800 days.
stats-more = { $percent } more ({ $before } before)
stats-less = { $percent } less ({ $before } before)
stats-less-so-far = { $percent } less so far ({ $before } before)
stats-same = as many as before
stats-was = { $before } before
stats-was-whole = { $before } yesterday, the whole day
stats-new = none before

stats-consent-line = Counted with consent. These numbers leave out people who refused, did not answer or were not asked, people whose browser objects, and robots.
stats-how = How to read these numbers
stats-exact = Every number is exact: this site shows even a single click.
stats-rounded = Numbers are rounded to multiples of { $k }. A page, a campaign or a link has at least about as many as shown; the rest is counted with a week or a channel.
stats-rounded-part = Numbers are rounded to multiples of { $k }, and there are at least about as many as shown: the rest is counted with a channel.
stats-rounded-link = Numbers are rounded to multiples of { $k }, and the link has at least about as many as shown: the rest is counted with its page or its channel.
stats-dash = A dash means too few to show, or none.
stats-nothing-of-site = No visits are shown for these days: nobody came, or too few people did. A link’s day is shown when enough people have opened it, from as many networks: { $from } to { $to }, drawn anew each time. Smaller numbers may be shown for a whole week of their page or their channel.
stats-nothing-of-page = No visits are shown for these days: nobody came, or too few people did. A link’s day is shown when enough people have opened it, from as many networks: { $from } to { $to }, drawn anew each time. A week is shown when that many have opened any of these links, and smaller numbers may be shown for their channel.
stats-nothing-of-link = No visits of this link are shown for these days: nobody came, or too few people did. A day is shown when enough people have opened the link, from as many networks: { $from } to { $to }, drawn anew each time. Smaller numbers may be shown for its page, in a week.
stats-opens-line = Opens, counted separately: <b>{ $count }</b>, by visitors who had not answered. Nobody is recognised.
stats-reading-title = Reading the days
stats-reading = { $read } of { $of } days have been read. This page checks again automatically.
stats-reading-text = After a start, the numbers of past days are read from the store once and then kept in memory.
stats-reading-again = Check again now

stats-over-time = Over time
stats-chart = Clicks and visitors, { $from } to { $to }
stats-chart-opens = Opens, { $from } to { $to }
stats-chart-desc = Bars by { $grain ->
    [month] month
    [week] week
   *[day] day
}.
stats-chart-table = The table below the chart has the same numbers.
stats-chart-opens-table = The table of the previous chart has the same numbers.
stats-legend-clicks = Clicks
stats-legend-visitors = of these, visitors
stats-legend-before = Clicks in the previous period
stats-legend-few = { $grain ->
    [day] Too few to show, or none
   *[other] Only days with too few to show, or none
}
stats-legend-today = Today so far
stats-legend-open = Not ended, or not closed yet
stats-legend-week = Counted for a whole week: too few on each of its days
stats-tip-clicks = { $number ->
    [one] { $count } click
   *[other] { $count } clicks
}
stats-tip-visitors = { $number ->
    [one] { $count } visitor
   *[other] { $count } visitors
}
stats-tip-opens = { $number ->
    [one] { $count } open
   *[other] { $count } opens
}
stats-tip-before = before: { $clicks }
stats-tip-week = and for the whole week: { $counted }
stats-today = today
stats-today-so-far = { $day }, today so far
stats-today-until = Today until { $time } UTC: about { $counted }.
stats-not-closed = { $day }, not closed yet
stats-when-closed = shown when it is closed
stats-with-week = For the whole week, { $from } to { $to }
stats-week = { $from } to { $to }
stats-no-day = No day here had enough visitors to show
stats-no-clicks = No clicks in this period
stats-table = The numbers as a table
stats-take = Download
stats-csv = CSV
stats-json = JSON
stats-api = The same through the API:

stats-channels = Channels
stats-channels-text = The private channels your pages travel through: how much is shared there, and how many of the clicks come from it.
stats-of-shares = of the shares
stats-of-clicks = of the clicks
stats-share-of = { $name }: { $percent }
stats-rest = Other channels
stats-pages = Pages
stats-campaigns = Campaigns
stats-links = Links
stats-top-pages = Top pages
stats-top-links = Top links
stats-all-pages = All pages
stats-all-campaigns = All campaigns
stats-all-links = All links
stats-apps = Unfurled in
stats-app = App
stats-no-campaign = Without a campaign
stats-others = { $groups ->
    [one] One other
   *[other] { $groups } others
}
stats-elsewhere-page = Too few to attribute to a page
stats-elsewhere-campaign = Too few to attribute to a campaign
stats-elsewhere-link = Too few to attribute to a link
stats-find = Short address or code of a link
stats-find-open = Open its page
stats-find-missed = No link of this site matches “{ $sought }”. Upper and lower case matter.
stats-nothing-here = Nothing was shared or opened here in this period. Try a longer one.
stats-beyond = Created for { $channel }, unfurled in { $apps }: it was passed on.
stats-and = { $before } and { $last }

stats-lineage = Shares from shares
stats-by-generation = Shares by generation
stats-by-channel = Shares by channel, and what they led to
stats-lineage-text = When somebody shares a page that a link led them to, the new link belongs to the next generation.
stats-generation = Generation
stats-generation-first = First shares
stats-shared-on = Reshared
stats-parent = Reshared from { $parent }
stats-generation-of-link = { $generation ->
    [0] A first share
    [one] One share after the first
   *[other] { $generation } shares after the first
}

stats-empty = No shares yet
stats-empty-new = Create the first links by hand, one for each channel:
stats-empty-text = Every share creates one link, and each link knows its channel. Put the share buttons on a page, and the first channel will appear here.
stats-empty-key = The key is the publishable key (<code>ens_pk_…</code>), which anybody may see. It was printed when the site was created; if it is lost, an owner can create a new one under <b>Settings</b>:
stats-empty-api = Or create a link through the API:
stats-empty-try = Trying this out counts nothing about you: a click counts only after somebody has allowed it.

stats-notes = How to read these numbers
stats-note-consent = <b>With consent only.</b> Clicks and visitors are those of people who allowed counting. The true number of readers is higher.
stats-note-few = <b>Small numbers are not shown, and the others are rounded.</b> A small number could point to a person. A link’s day is shown when enough people have opened it, from as many networks: { $from } to { $to }, a number that is drawn each time and kept secret. Smaller numbers count for the week of their page and, if they are too small there, for the week of their channel; numbers that are too small even for that are deleted. A page, a campaign or a link therefore has at least about as many as shown, and a day with none looks like a day with a few.
stats-note-open = <b>Today is not shown.</b> A day is shown when it is closed, soon after midnight UTC. Numbers for a whole week are shown soon after its Sunday has ended.
stats-note-unfurls = <b>Unfurls are evidence, not visits.</b> A chat app fetched a preview, so the link was pasted somewhere. Some apps fetch none, others fetch several. An unfurl in an app that the link was not created for shows that somebody passed it on.
stats-note-clicks-per-share = <b>Clicks per share</b> is the number of clicks divided by the number of shares: 160 clicks on 100 shares are 1.6.

link-of-site = ← { $site }
link-made = Created on { $day }
link-expires = Expires on { $day }
link-expired = Expired on { $day }
link-off = Switched off
link-receipt = Receipt
link-of-page = All links to this page
link-opens = Opens: { $count }
link-opens-text = An open is counted when somebody who has not answered opens the link. Nobody is recognised: there is no tag and no visitor, only a number a day. Opens are a series of their own and are never added to the clicks above.
link-qr = QR code
link-qr-text = Scan it to open the short address. Scans by people who allow it count as clicks on this link.
link-qr-svg = SVG, to print
link-qr-png = PNG, 1024 pixels
link-change = Change this link
link-change-url = Leads to
link-change-expires = Expires at the end of (UTC; leave empty for never)
link-change-review = Review the change
link-switch-off = Switch off
link-switch-on = Switch on
link-taken-down = The operator took this link down. Only they can restore it.
link-changed = The link has been changed. The change applies from now on.
link-confirm-title = Change /{ $code }
link-confirm = Change this link?
link-confirm-now = Now
link-confirm-then = Then
link-confirm-forwards = Forwards
link-confirm-yes = yes
link-confirm-no = no
link-confirm-never = never
link-confirm-url = The link is already in chats: everybody who opens it from now on reaches the new page. What is counted until the end of today (UTC) stays with the old one.
link-confirm-off = Anybody who opens the link then sees that it is switched off. It can be switched on again.
link-confirm-on = Anybody who opens the link then is forwarded again.
link-confirm-forever = The link will then never expire.
link-confirm-expires = After the end of that day, anybody who opens the link sees that it has expired.
link-confirm-change = Change the link
link-confirm-back = Leave it as it is
link-unchanged = Nothing was changed: the form has the same values as the link.
link-wrong-url = The address { $reason }.
link-wrong-day = A day is written as 2026-11-21.
link-wrong-past = That day is over. To end the link now, switch it off.

## Links by hand

kit-lead = Create one link for each channel to see how far each of them carries the page.
kit-title = Title
kit-title-hint = optional; put before the address where an app shares text
kit-campaign = Campaign
kit-campaign-hint = optional; groups these links in the stats
kit-expires = Last day
kit-expires-hint = optional; the links expire at the end of this day, at midnight UTC
kit-channels = Channels
kit-make = Create the links
kit-nothing = { $wrong ->
    [one] Nothing was created yet: one field below needs a correction.
   *[other] Nothing was created yet: { $wrong } fields below need a correction.
}
kit-again = Then send the form again: nothing is created twice.
kit-wrong-title = The title { $reason }.
kit-wrong-campaign = The campaign { $reason }.
kit-wrong-past = That day is over.
kit-wrong-none = Choose at least one channel.
kit-wrong-channels = One channel is not known; it { $reason }.
kit-links = { $links ->
    [one] One link
   *[other] { $links } links
}
kit-ready = { $links ->
    [one] One link is ready
   *[other] { $links } links are ready
}
kit-made = Created on { $day }
kit-last-day = Last day: { $day }
kit-gone = { $links ->
    [one] One link that was here no longer exists.
   *[other] { $links } links that were here no longer exist.
}
kit-svg = QR code as SVG
kit-png = QR code as PNG
kit-csv = Addresses as CSV
kit-zip = QR codes as ZIP
kit-another = More links like these
kit-bookmark = This page keeps its address: bookmark it to come back.
kit-address = Short address for { $channel }
kit-copy = Copy
kit-copy-channel = Copy the address for { $channel }
kit-copied = Copied
kit-send = Send with { $channel }
kit-ended = This link no longer forwards.

## Errors

error-over = Error { $status }
error-not_json-title = Not JSON
error-not_json = The body is not a JSON document in UTF-8.
error-bad_request-title = Bad request
error-bad_request = The request cannot be read.
error-no_key-title = No key
error-no_key = Send one of the site's keys as Authorization: Bearer … or as X-Api-Key. For /share, send it as the parameter key.
error-unknown_key-title = Unknown key
error-unknown_key = No site has this key. Was it rotated?
error-secret_key_needed-title = The key may not do this
error-secret_key_needed = A publishable key can only create links, and without a slug. This needs the site's secret key.
error-publishable_key_needed-title = Secret key in an address
error-publishable_key_needed = Addresses end up in histories and logs. Use the site's publishable key here, and rotate the secret key.
error-not_followed-title = Not a followed link
error-not_followed = A share begins when a person follows a link, not when a page loads it.
error-foreign_origin-title = Origin not allowed
error-foreign_origin = The page that sent this request is not allowed to send it.
error-owner_needed-title = Only an owner may do this
error-owner_needed = You are signed in as a reader. An owner of the site, or anybody who has its secret key, can do this.
error-stale_form-title = The form belongs to another session
error-stale_form = Somebody has signed in or out since the page with the form was opened.
error-name_taken-title = The name is taken
error-name_taken = Somebody has this name already. Choose another one.
error-not_found-title = Not found
error-not_found = There is nothing at this address.
error-not_here_yet-title = Not available yet
error-not_here_yet = This address is reserved, but its link has not been created yet. Try again shortly.
error-method_not_allowed-title = Method not allowed
error-method_not_allowed = The Allow header lists the methods of this address.
error-timed_out-title = Too slow
error-timed_out = The request took too long to arrive or to answer.
error-slug_taken-title = The slug is taken
error-slug_taken = Another link has this code. Choose another slug.
error-code_taken-title = The code is taken
error-code_taken = The reserved code has been claimed for another destination or channel.
error-expired-title = This link has expired
error-expired = Its publisher set an end date, which has passed.
error-disabled-title = This link is switched off
error-disabled = Its publisher has switched it off.
error-precondition_failed-title = The link has changed
error-precondition_failed = The link is not as If-Match expects it. Read it again, and send the request with its current ETag.
error-length_required-title = Length required
error-length_required = Send the body as a whole, with Content-Length and without Transfer-Encoding.
error-too_large-title = Too large
error-too_large = A request body can have at most 64 KiB.
error-wrong_media_type-title = Unsupported media type
error-wrong_media_type = Send the form as its page sends it.
error-invalid_params-title = Some parameters are not valid
error-invalid_params = Some parameters of this request break a rule:
error-too_many_requests-title = Too many requests
error-too_many_requests = This client has sent too many requests within a minute.
error-taken_down-title = This link was taken down
error-taken_down = The operator of this service took it down for abuse.
error-unavailable-title = Try again shortly
error-unavailable = The service cannot do this right now. Try again shortly.
error-internal-title = Something went wrong
error-internal = Something went wrong on our side.
error-sign_in_first-title = Sign in first
error-sign_in_first = This page is for people who are signed in.
error-secret_key_in_page-title = Secret key in a page
error-secret_key_in_page = A browser sent this, so anybody can read the secret key. Use the site's publishable key there, and rotate the secret key if the page was published.
error-external_id_taken-title = The external_id is taken
error-external_id_taken = A link to another destination or by another channel has this external_id.
error-idempotency_key_reused-title = The Idempotency-Key was used before
error-idempotency_key_reused = Another request had this Idempotency-Key in the last 24 hours. Send a new key with each new request.
error-misdirected-title = Unknown host
error-misdirected = This service does not use this host name. Its operator sets its address as server.public_url.
error-advice-missing = Short links are case-sensitive. Ask the person who sent this one to send it again.
error-advice-gone = Nothing was counted. Ask the person who sent it for the page’s own address.
error-advice-refused = Go back, reload the page, and try again.
error-advice-invalid = Go back and share the page’s own address instead. Its publisher can fix this.
error-advice-wait = Wait a moment, then load the page again.
error-advice-internal = Try again later. If the problem persists, tell the publisher who shared the link.
error-advice-other = Go back and try again.

## Why something was refused, by the code of the rule
reason-missing = is required
reason-empty = must not be empty
reason-not_object = the body must be a JSON object
reason-not_string = must be a string
reason-not_boolean = must be true or false
reason-not_array = must be an array of at most { $max } items
reason-not_time = must be a time such as 2027-01-31T12:00:00Z (RFC 3339)
reason-out_of_range = must be a whole number from { $min } to { $max }
reason-wrong_length = must be { $min } to { $max } bytes long
reason-not_ascii = must be ASCII text
reason-not_one_of = must be one of { $known }
reason-not_cursor = must be the next_cursor of an earlier response
reason-unknown_field = is not a field of this call
reason-unknown_parameter = is not a parameter of this call, which takes { $known }
reason-too_long = must be at most { $max } { $unit ->
    [bytes] bytes
   *[characters] characters
} long
reason-control_character = must not contain control characters
reason-not_an_address = is not an absolute address
reason-not_http = must begin with http:// or https://
reason-credentials = must not contain a user name or password
reason-host_not_allowed = has a host that this site does not allow
reason-leads_back = must not lead back to this service
reason-malformed_code = must be 1 to 64 letters, digits, '-' or '_'
reason-own_address = is one of the service's own addresses
reason-leading_hyphen = must not begin with '-'
reason-reserved_slug = has the form of a reserved code
reason-unknown_claim = must be a claim that this site received with a reserved code
reason-expired_claim = has expired; reserve other codes
reason-claim_with_slug = cannot be combined with slug
reason-unknown_parent = must be the code of one of the site's links
reason-not_in_future = must be in the future
reason-malformed_channel = must be 1 to 32 lower-case letters, digits, '-' or '_', beginning with a letter
reason-unknown_channel = must be one of { $known }
reason-not_a_day = must be a day such as 2026-11-21
reason-from_after_to = must not be after to
reason-period_too_long = must be less than { $days } days before to
reason-not_a_grouping = must be channel, page, campaign, link or day
reason-not_a_min_count = must be 1, or 5 to 20
reason-not_a_policy = must be ask, skip or aggregate
reason-not_a_role = must be owner or reader
reason-malformed_name = must be 1 to 60 characters on one line
reason-password_length = must have at least 12 characters and at most 256 bytes
reason-unknown_part = must be the whole site, one page or one campaign
reason-page_and_campaign = cannot be combined with page
reason-view_expiry = must be in the future, at most { $days } days away
reason-too_many_views = a site can share at most { $max } views at once; revoke one first
reason-too_small = must be at least { $min } for this address
reason-level_too_high = must be a lower level, because the short address is too long for this one
reason-comma = must not contain a comma
reason-unknown_placeholder = has an unknown placeholder {"{"}{ $name }{"}"}; known are {"{"}channel{"}"} and {"{"}campaign{"}"}
reason-placeholder_twice = has the placeholder {"{"}{ $name }{"}"} twice
reason-stray_brace = has a brace that belongs to no placeholder; known are {"{"}channel{"}"} and {"{"}campaign{"}"}
reason-unknown_utm_part = '{ $text }' is none of source=…, medium=… and campaign=…, which commas separate
reason-utm_part_twice = { $part } is given twice
reason-utm_part = { $part } { $reason }
reason-utm_without_channel = takes CHANNEL:PART=TEMPLATE,… such as email:medium=newsletter
reason-utm_channel_name = the channel { $reason }
reason-utm_of_channel = { $channel }: { $reason }
reason-utm_unknown_channel = there is no channel '{ $channel }'; known are { $known }
reason-utm_channel_twice = the channel '{ $channel }' is given twice
reason-utm_all_twice = the templates for all channels are given twice

field-page = page
field-campaign = campaign
field-password = password
field-name = name
field-part = part

## The weekly digest: a letter. Lines end where a plain letter's do

digest-subject = { $site }: { $week }
digest-days = { $week }, UTC days
digest-the-week = The week
digest-now = Number
digest-before = Week before
digest-change = Change
digest-same = the same
digest-total = { $name }: { $now } (the week before: { $before })
digest-total-change = { $total }, { $change }
digest-channel = { $name }: { $numbers }
digest-numbers = shares { $shares }, clicks { $clicks }, visitors { $visitors }
digest-note-consent =
    Clicks and visitors are counted with consent only. The true number of
    readers is higher.
digest-note-few =
    Numbers are rounded to multiples of { $k }. What was too few for a page is
    counted for its channel, so a page has at least about as many as shown.
digest-note-open = Some of these days are not closed yet, and their visits are missing here.
digest-note-unfurls = Unfurls are previews fetched by chat apps. They are not visits.
digest-same-week = The same week in the stats
digest-address = The same week in the stats: { $address }
digest-why =
    Entrenous sent you this e-mail because the operator added your address for
    this site. It loads nothing and tells nobody that you have read it.
