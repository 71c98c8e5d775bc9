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
consent-text = If you allow it, { $publisher } counts one click for this link today, and whether you are a new visitor today. No address and no browser details are kept, and nothing that tells you from others outlives the day.
consent-lineage = If you allow it, { $host } also learns through which link you came: the parameter “ens” with the link’s code is added to the address. A link that is shared from there names this one.
consent-remembered = If you allow or refuse, a cookie remembers that, and nothing else, for six months and for { $publisher } alone. You can <a href="{ $privacy }">take it back</a> at any time.
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
receipt-expired-text = It forwards nobody any more. It led to the page below.
receipt-disabled-text = Its publisher has switched it off, so it forwards nobody. It led to the page below.
receipt-link = The link
receipt-destination = Destination
receipt-channel = Channel
receipt-campaign = Campaign
receipt-made = Made on
receipt-expires = Expires on
receipt-expired-on = Expired on
receipt-qr = QR code
receipt-qr-files = <a href="{ $svg }">SVG</a> or <a href="{ $png }">PNG</a>, to print
receipt-stores = What your click would store
receipt-not-active = <b>Nothing.</b> A link that does not forward counts no clicks.
receipt-granted = <b>One click for this link today</b>, and a tag by which a second click today is not a second visitor.
receipt-granted-more = You have allowed it. The tag is a keyed hash; tonight at midnight UTC its key is destroyed and of the tags only their number remains.
receipt-denied = <b>Nothing.</b> You have refused, and not even that is written down here.
receipt-signal = <b>Nothing.</b> Your browser sends Global Privacy Control or Do Not Track, and that is an answer.
receipt-ask = <b>Nothing before you answer.</b> You would be asked one question first, and every answer leads to the page.
receipt-ask-more = If you allow it: one click for this link today, and a tag whose key is destroyed at midnight UTC. If you refuse or do not choose: nothing.
receipt-skip = <b>Nothing.</b> You have not been asked, so you are not counted.
receipt-aggregate = <b>One more in this link’s bare count of today.</b> No tag, no visitor: only a number goes up.
receipt-aggregate-more = You have not been asked. If you <a href="{ $privacy }">refuse</a>, not even that is stored.
receipt-lineage = After you have allowed it, { $host } also learns through which link you came: the parameter “ens” with the link’s code is added to the address. Otherwise it is not.
receipt-privacy = This is a link of { $publisher }. You can <a href="{ $privacy }">give, change or take back your answer</a> at any time.
receipt-counted-nothing = Looking at this receipt has counted nothing.
receipt-continue = Continue to { $host }

## Privacy

privacy-title = Privacy
privacy-heading = What is stored, and what never is
privacy-lead = A link counts a visitor only if that person agrees, and it never learns who that was.
privacy-answer = Your answer to { $publisher } in this browser
privacy-granted = <b>Allowed.</b> When you open one of its links, one click is counted.
privacy-denied = <b>Refused.</b> When you open one of its links, nothing is stored.
privacy-unknown = <b>No answer yet.</b> You are counted as a visitor only after you have allowed it.
privacy-signal = <b>Your browser says no.</b> It sends Global Privacy Control or Do Not Track. That beats any answer below: nothing is stored, and nothing is asked.
privacy-allow = Allow
privacy-refuse = Refuse
privacy-forget = Forget my answer
privacy-cookie = An answer is for { $publisher } alone. It is kept for six months in a cookie of this browser that holds nothing but yes or no, and is not renewed. Forgetting deletes the cookie.
privacy-lineage = While you allow it, the pages that the links lead to also learn through which link you came: the parameter “ens” with the link’s code is added to their address. Otherwise it is not.
privacy-answers = Your answers in this browser
privacy-answers-text = Each publisher asks for itself, and an answer to one is none to another. The question, and the receipt of a link (its address with a + behind it), lead to the page where you can change what you have answered its publisher.
privacy-forget-all = Forget all my answers
privacy-stored = What is stored when a link is opened
privacy-who = Who opens it
privacy-what = What is stored, for that link and that day
privacy-who-allowed = Somebody who allowed it
privacy-what-allowed = Clicks + 1, a tag in that day’s set of visitors, and one of 256 groups of networks in that day’s set of networks. When the day ends, only the sizes of both sets remain, until the day’s numbers are made from them.
privacy-who-refused = Somebody who refused, or whose browser does (Global Privacy Control, Do Not Track)
privacy-what-refused = Nothing, not even that they refused.
privacy-who-unknown = Somebody who has not answered
privacy-what-unknown = Nothing. On a site that has chosen bare counts: that day’s bare count + 1, without a tag and apart from the clicks.
privacy-who-preview = A chat app’s preview bot
privacy-what-preview = Unfurls + 1. It shows that the link was pasted somewhere; it is never a click.
privacy-who-robot = Any other robot
privacy-what-robot = Nothing.
privacy-never = What is never stored, logged or handed on
privacy-never-address = Your IP address
privacy-never-browser = Your browser’s name or version
privacy-never-referrer = The page you came from
privacy-never-mark = Any mark of you that outlives the day
privacy-never-sharer = Who shared the link
privacy-tag = How a tag is made
privacy-tag-text = To count a visitor once a day and not twice, the service makes a tag:
privacy-tag-formula = HMAC-SHA256(day key, "v1" ‖ code ‖ address ‖ user agent)
privacy-tag-parts = The parts go in with their lengths, and the result is cut to 16 bytes. The address is the IP address; of an IPv6 one, only the first 64 bits.
privacy-tag-key-shared = The day key is 32 random bytes. The machines of this service share it through a store that keeps it in memory and writes nothing to a disk, and it is destroyed when the day ends, at midnight UTC. After that nobody, including us, can make the same tag again or test a guess.
privacy-tag-key-unknown = The day key is 32 random bytes. The machines of this service share it through a store that does not say whether it writes to a disk, and it is destroyed there and here when the day ends, at midnight UTC. If no copy of such a disk was kept, nobody, including us, can make the same tag again or test a guess after that.
privacy-tag-key-disk = The day key is 32 random bytes. The machines of this service share it through a store that also writes it to its disk, and it is deleted when the day ends, at midnight UTC. But that disk, or a copy of it, may keep it: whoever has one could find out later whether a given address and browser opened a given link on that day.
privacy-tag-key = The day key is 32 random bytes. It is never on disk, and it is destroyed when the day ends, at midnight UTC. After that nobody, including us, can make the same tag again or test a guess.
privacy-tag-code = The code is part of it, so the same person has unrelated tags on two links.
privacy-tag-network = Beside the tag stands one of 256 groups that your network (the first 24 bits of the address, 48 of an IPv6 one) falls into. A second key, made from the day key, decides which. The group is there to tell many people from one person with many browsers. Thousands of networks share it; on disk it is hidden by a byte that only the day key gives, and it is gone with that.
privacy-seen = What the publisher sees
privacy-seen-text = Numbers by link, page, campaign, channel and day. Nothing else exists. Numbers are kept for { $months } months.
privacy-seen-exact = This publisher has chosen exact numbers, which are shown at once. So whoever may see them can tell that a link was opened once, and when; not by whom.
privacy-seen-few = This publisher’s numbers are protected, with k = { $k }. What is told of a day is told when it has ended (midnight UTC), and rounded to steps of { $k }, up or down by chance.
privacy-seen-own = A link’s own number of a day is shown only if more people, from more networks, opened it than a threshold that is drawn anew for each link and day and known to nobody. It lies between k + 1 and 2k.
privacy-seen-pool = What is fewer counts with its page, channel and campaign for the week, or with the channel alone, under the same condition. What is still fewer then is deleted. For a page with one link, the page’s week is that link’s.
privacy-seen-today = Of today, only totals of the whole site and of a channel are shown, rounded, at full hours, and only after visitors from at least { $k } more networks have come.
privacy-seen-attack = Somebody who commands fewer than { $k } networks does not learn from these numbers whether you clicked a link on a day. Somebody who has more sees of ended days, with a probability of at least { $chance }%, exactly what they would have seen without your click.
privacy-seen-more = It is less safe where there is more to see: if you open a link again and again, several links of one page, or one link on many days, each is one more chance. Bare counts, on a site that has chosen them, come without networks, because you were not asked: there, somebody who opens a link very often can learn whether one more person did.
privacy-seen-each = Each publisher chooses whether its numbers are exact or protected: then they stand for more than a number of people from as many networks, and are rounded. The page about your answer to a publisher tells which.
privacy-check = Check it yourself
privacy-check-text = If you run this service, you need not believe this page. With the embedded store, everything is one SQLite file (<code>data/entrenous.db</code>, unless set otherwise) and a journal of finished clicks:
privacy-check-address = YOUR IP ADDRESS
privacy-check-more = The first lists every column there is, the second everything in them, the third looks for an address and finds none. With Redis or Valkey:
privacy-footer = This page has no scripts and asks nobody else for anything.

## A link that was just shared

share-title = Your link
share-heading = Your link is ready
share-lead = Select it, copy it, and paste it into your message. It leads to { $host }.
share-address = Short address
share-qr = QR code of { $address }
share-camera = A phone’s camera reads the same address from this picture.
share-back = Back to { $host }

waiting-title = This link is on its way
waiting-over = One moment
waiting-lead = It was shared so short a time ago that it has not arrived here yet.
waiting-text = This page looks again by itself in two seconds.
waiting-again = Look again now

## The first page

try-title = Try it
try-title-landing = Private short links
try-heading = Which private channel does a page travel through?
try-lead = Entrenous is a short-link service that counts shares and clicks by channel, without knowing who shared a link or who opened it.
try-why = You see this page because the service has just started for the first time, on your own machine. Four steps show all of it.
try-share = Share a page
try-made = Here is the link, made for the channel { $channel }:
try-send = Send it with { $channel }
try-another = Make another one
try-share-text = Each act of sharing makes one link, so each link knows its channel.
try-page = Page to share
try-channel = Channel
try-make = Make the link
try-wrong-url = The address { $reason }.
try-wrong-channel = The channel { $reason }.
try-open = Open it
try-open-text = Be the visitor for a moment. The link opens in a new tab, so this page stays.
try-open-link = Open the link
try-open-receipt = Curious first? <a href="{ $receipt }">The receipt</a> says where it leads and what a click would store. Looking counts nothing.
try-answer = Answer the question
try-answer-text = All three answers lead to the page. Only <b>Allow and continue</b> is counted.
try-answer-more = No question? Then your browser sends Global Privacy Control or Do Not Track, and that is an answer: nothing is stored. To be asked again after an answer, forget it on the <a href="{ $privacy }">privacy page</a>.
try-read = Read the numbers
try-read-text = Sign in with the secret key (<code>ens_sk_…</code>) that the terminal printed at the first start.
try-read-open = Open the stats
try-read-few = A click is not seen at once, and never alone: this site shows rounded numbers of days that are over.
try-read-exact = This site shows exact numbers, so your click is seen at once. Other sites show rounded numbers of days that are over, unless you choose otherwise.
try-later-open = Be the visitor for a moment.
try-later-answer = One honest question, three equal buttons.
try-later-read = What the marketer sees, and what nobody can.
try-buttons = Put the buttons on your pages
try-buttons-text = Two lines, where the buttons shall be. The key is the publishable one (<code>ens_pk_…</code>) that the terminal printed; everybody may see it.
try-buttons-fixed = The first line can also name exactly one text of the script. It holds until the service is upgraded:
try-privacy = What is stored, and what is not
try-publishers = For publishers: the share buttons

## Signing in

sign-in-title = Sign in
sign-in-heading = Sign in to the stats
sign-in-name = Name
sign-in-name-hint = With the site’s secret key, leave the name empty.
sign-in-key = Password, or secret key
sign-in-hint = The key begins with <code>ens_sk_</code> and was shown once, when the site was made. The publishable key (<code>ens_pk_</code>) does not open the stats.
sign-in-wrong = The name or the password is wrong. After a few attempts, each takes a little longer.
sign-in-publishable = This is the publishable key. The stats open with the secret key, which begins with ens_sk_.
sign-in-unknown = No site has this key. Was it copied whole, or rotated since?

## People, sessions, shared views

people-title = People
people-of = People of { $site }
people-text = Who may sign in to the stats of { $site }. Only the name that you choose here, the role and a hash of the password are kept of them.
people-made = A password for { $name }
people-made-text = It is shown only once: pass it on in a way that you trust. They can change it under <b>Sessions</b>.
people-all = Who may sign in
people-none = Nobody by name yet. Whoever has the site’s secret key is an owner.
people-owner = Owner
people-reader = Reader
people-you = you
people-change = Change { $name }
people-make-reader = Make reader
people-make-owner = Make owner
people-new-password = New password
people-remove = Remove { $name }
people-ends = A new password and a removal end their sessions at once.
people-add-somebody = Add somebody
people-role = Role
people-reader-may = Reader: reads and exports
people-owner-may = Owner: also links, people and shared views
people-password = Password
people-password-hint = At least 12 characters. Leave it empty, and one is made and shown once.
people-add = Add
people-taken = Somebody has this name already. Choose another one.
people-busy = The service cannot do this for the moment.
form-wrong = The { $name } { $reason }.
form-wrong-now = Not now: { $reason }.
form-wrong-last-day = The last day { $reason }.

sessions-title = Sessions
sessions-of-all = Who is signed in to the stats of { $site }.
sessions-of-one = Where you are signed in.
sessions-kept = Of a session only who and when is kept: no address, and nothing of the browser.
sessions-changed = <b>Your password has been changed.</b> Your other sessions have ended.
sessions-all = All sessions
sessions-key = Secret key
sessions-own = This session
sessions-times = Began { $began }. Last used { $used }. Ends { $ends } if it is not used.
sessions-time = { $day }, { $time } UTC
sessions-end-own = End this session
sessions-end-one = End session { $number }
sessions-end = End
sessions-end-others = End all others
sessions-password = Your password
sessions-old = Old password
sessions-old-wrong = The old password is wrong.
sessions-new = New password
sessions-new-hint = At least 12 characters. Your other sessions end.
sessions-change = Change the password

views-title = Shared views
views-of = Shared views of { $site }
views-text = An address that lets others read a part of these numbers, without signing in, until it ends or you revoke it.
views-made = The address of the new view
views-made-text = It is shown this once. Whoever has it can read the view.
views-made-few = It shows what is closed, as everywhere: rounded to multiples of { $k }, with small numbers left out. Shares are rounded down, too.
views-now = Shared now
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
views-part-hint = The page’s whole address, or the campaign’s name. Empty for the whole site.
views-last-day = Last day (UTC)
views-password-hint = At least 12 characters, or empty: then the address alone opens the view.
views-share = Share
views-share-this = Share this view
views-copy = Copy the address
views-everybody = For everybody
views-public = The numbers of { $site } are public, at <a class="long" href="{ $address }">{ $address }</a>.
views-private = The numbers of { $site } are not public.
views-make-private = Make the numbers private
views-make-public = Make the numbers public
views-badges = Links have badges, at <code class="long">{ $address }</code>; with <code>?of=page</code>, for the whole page that a link leads to.
views-badges-off = Links have no badges: small pictures with their total clicks, for any page.
views-badges-switch-off = Switch badges off
views-badges-switch-on = Switch badges on

site-title = Settings
site-of = Settings of { $site }
site-text = What its links may do, and the keys that speak for it. Public numbers and badges are switched under Shared views.
site-unknown-proxy = <b>Visitors come through a proxy that this service does not know.</b> All of them look like the proxy: too few visitors are counted, and limits hold everybody back together. Whoever runs the service adds the proxy’s network to the setting <code>server.trusted_proxies</code>.
site-one-network = <b>Today’s clicks come from a few networks only.</b> If a proxy stands in front of the service, whoever runs it adds the proxy’s network to the setting <code>server.trusted_proxies</code>.
site-saved = <b>Saved.</b> It holds for links that are made, and for visitors who come, from now on. Only the number of people behind a number holds from tomorrow (UTC).
site-changed = Somebody has changed these settings since this page was opened. Nothing was saved yet: look at them in another tab, or save again to put these in their place.
site-not-saved = Nothing was saved. What is wrong is said below the fields.
site-links = Links
site-destinations = Hosts that links may lead to
site-destinations-hint = One in each line, with its subdomains; <code>*</code> is any host. Links that are there already go on.
site-origins = Web pages that may make links
site-origins-hint = Their origins, one in each line, such as <code>https://www.example.com</code>; <code>*</code> is any. Only their share buttons may use the publishable key. Programs have no origin and need none.
site-consent = Visitors who have not answered the question
site-consent-hint = Whoever has answered is never asked again for six months, and a browser that says no for its person is always obeyed.
site-consent-usual = As the service does: { $policy }
site-consent-ask = Ask first
site-consent-skip = Forward, count nothing
site-consent-aggregate = Forward, bare count only
site-min-count = How many people stand behind a number (k)
site-min-count-exact = 1: every number is exact
site-min-count-from = A change holds from tomorrow (UTC). Days before keep what they have.
site-min-count-tomorrow = Today it is { $k }; from tomorrow (UTC) it is { $next }.
min-count-one = With 1, every number is exact and shown at once, even that of a single person, so whoever sees the numbers can tell that a link was opened once, and when.
min-count-some = With k from 5 to 20, a link’s numbers of a day are shown when the day has ended and more than k people from more than k networks opened it, and rounded to steps of k; what is fewer is shown only as part of its page’s or channel’s week, or not at all, and of today only the totals of the site and its channels are shown, now and then.
site-utm = UTM parameters
site-utm-hint = What the destination’s analytics are told, such as <code>source={"{channel}"},medium=share,campaign={"{campaign}"}</code>. A line of its own for a single channel: <code>email:medium=newsletter</code>. Empty: nothing.
site-strip = More parameters to take off shared addresses
site-strip-hint = When a reader shares a page, what names a person or a session is taken off its address before it is kept: click identifiers such as <code>fbclid</code>, those of mailing tools such as <code>mc_eid</code>, and e-mail addresses and tokens. Add names of your own here, one in each line.
site-keep = Parameters to leave on them
site-keep-hint = One in each line, where your pages need one that would be taken off.
site-forwarding = When a visitor is forwarded
site-forward-query = What follows the <code>?</code> of the short address is passed on
site-lineage = The destination is told the link’s code (<code>ens=CODE</code>), so that you see which shares come of which
site-save = Save
site-wrong-none = At least one host is needed, or *.
site-wrong-destination = “{ $text }” is not a host such as example.com, an IP address, or *.
site-wrong-origin = “{ $text }” is not an origin such as https://www.example.com, or *.
site-wrong-utm = It cannot be read: { $reason }.
site-wrong-parameter = “{ $text }” is not the name of a parameter such as mc_eid.
site-keys = Keys
site-keys-text = Only their hashes are kept, so a lost key cannot be shown again. It can be replaced.
site-key-new-publishable = The new publishable key
site-key-new-secret = The new secret key
site-key-new-text = It is shown this once. The old one has ended.
site-key-publishable = Publishable key
site-key-publishable-text = Begins with <code>ens_pk_</code>, stands in your pages, and makes links, nothing else.
site-key-publishable-replace = Replace the publishable key
site-key-publishable-ends = The old key ends at once; addresses that readers have been given keep working. Until your pages have the new key, their buttons share the page’s own address, and nothing is counted.
site-key-publishable-sure = Make a new publishable key
site-key-secret = Secret key
site-key-secret-text = Begins with <code>ens_sk_</code>, is for your programs, and signs in as an owner. It stands in no page.
site-key-secret-replace = Replace the secret key
site-key-secret-ends = The old key ends at once, for every program that has it, and so do the other sessions that began with it. People who signed in by name stay.
site-key-secret-sure = Make a new secret key

unlock-title = A shared view
unlock-heading = This view asks for a password
unlock-wrong = The password is wrong.
unlock-open = Open the view
unlock-who = Whoever gave you the address knows the password.

shared-public = Public numbers of { $site }
shared-until = Shared view of { $site }, until { $day }
shared-steps = Shares are rounded down to multiples of { $k } for each day: of many small days, less is shown than there was.

## The statistics

stats-title = Stats of { $name }
stats-shares = Shares
stats-unfurls = Unfurls
stats-clicks = Clicks
stats-visitors = Visitors
stats-clicks-per-share = Clicks per share
stats-bare = Bare counts
stats-channel = Channel
stats-page = Page
stats-campaign = Campaign
stats-link = Link
stats-day = Day (UTC)
stats-days = Days (UTC)
stats-shares-hint = one link each
stats-share = Share
stats-share-hint = made this link
stats-unfurls-hint = previews in chat apps
stats-clicks-hint = with consent
stats-visitors-hint = per link and day
stats-visitors-of-link-hint = per person and day
stats-clicks-per-share-unknown = not known
stats-clicks-per-share-hint = clicks per 100 shares
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
stats-period-wrong-order = Shown are the last 30 days: the first day must not be after the last one.
stats-period-too-long = Shown are the last 30 days: a period has at most 800 days.
stats-more = { $percent } more ({ $before } before)
stats-less = { $percent } less ({ $before } before)
stats-less-so-far = { $percent } less so far ({ $before } before)
stats-same = as many as before
stats-was = { $before } before
stats-was-whole = { $before } yesterday, the whole day
stats-new = none before

stats-consent-line = Counted with consent. People who refused, did not answer or were not asked, or whose browser objects, are in none of these numbers; nor are robots.
stats-how = How to read these numbers
stats-exact = Every number is exact: this site shows even a single click.
stats-rounded = Numbers are rounded to multiples of { $k }. A page, a campaign and a link have at least about so many; the rest of theirs stands with a week or a channel.
stats-rounded-part = Numbers are rounded to multiples of { $k }, and there are at least about so many: the rest stands with a channel.
stats-rounded-link = Numbers are rounded to multiples of { $k }, and the link has at least about so many: the rest stands with its page or its channel.
stats-dash = A dash is too few to show, or none.
stats-nothing-of-site = Nothing of visits is shown for these days: nobody came, or too few. A link’s day shows when enough people have opened it, from as many networks: { $from } to { $to }, drawn anew each time. Fewer may show with a whole week of their page or their channel.
stats-nothing-of-page = Nothing of visits is shown for these days: nobody came, or too few. A link’s day shows when enough people have opened it, from as many networks: { $from } to { $to }, drawn anew each time. A week shows when that many have opened any of these links, and fewer may show with their channel.
stats-nothing-of-link = Nothing of this link’s visits is shown for these days: nobody came, or too few. A day shows when enough people have opened the link, from as many networks: { $from } to { $to }, drawn anew each time. Fewer may show with its page, in a week.
stats-bare-line = Apart from these: <b>{ $count }</b> in the bare counts, of visitors who had not answered.
stats-reading-title = Reading the days
stats-reading = { $read } of { $of } days are read. This page looks again by itself.
stats-reading-text = The numbers of past days are read from the store once, after a start, and are in memory from then on.
stats-reading-again = Look again now

stats-over-time = Over time
stats-chart = Clicks and visitors, { $from } to { $to }
stats-chart-bare = Bare counts, { $from } to { $to }
stats-chart-desc = Bars by { $grain ->
    [month] month
    [week] week
   *[day] day
}.
stats-chart-table = The table below the drawing has the same numbers.
stats-chart-bare-table = The table of the drawing before this one has the same numbers.
stats-legend-clicks = Clicks
stats-legend-visitors = of these, visitors
stats-legend-before = Clicks in the period before
stats-legend-few = { $grain ->
    [day] Too few to show, or none
   *[other] Only days of too few to show, or none
}
stats-legend-today = Today so far
stats-legend-open = Not over, or not closed yet
stats-legend-week = What stands with a whole week: too few on each of its days
stats-tip-clicks = { $number ->
    [one] { $count } click
   *[other] { $count } clicks
}
stats-tip-visitors = { $number ->
    [one] { $count } visitor
   *[other] { $count } visitors
}
stats-tip-bare = { $count } in the bare count
stats-tip-before = before: { $clicks }
stats-tip-week = and with the whole week: { $counted }
stats-today = today
stats-today-so-far = { $day }, today so far
stats-today-until = Today until { $time } UTC: about { $counted }.
stats-not-closed = { $day }, not closed yet
stats-when-closed = shown when it is closed
stats-with-week = With the whole week, { $from } to { $to }
stats-week = { $from } to { $to }
stats-no-day = On no day here were there enough visitors to show
stats-no-clicks = No clicks in this period
stats-table = The numbers as a table
stats-take = Download
stats-csv = CSV
stats-json = JSON
stats-api = The same by API:

stats-channels = Channels
stats-channels-text = Which private channels carry you: how much is shared there, and how much of the reading comes of it.
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
stats-elsewhere-page = Too few for a page of their own
stats-elsewhere-campaign = Too few for a campaign of their own
stats-elsewhere-link = Too few for a link of their own
stats-find = Short address or code of a link
stats-find-open = Open its page
stats-find-missed = No link of this site has “{ $sought }”. Capital and small letters count.
stats-nothing-here = Nothing was shared or opened here in this period. Try a longer one.
stats-beyond = Made for { $channel }, unfurled in { $apps }: it travelled.
stats-and = { $before } and { $last }

stats-lineage = Shares from shares
stats-by-generation = Shares by generation
stats-by-channel = Shares by channel, and what came of them
stats-lineage-text = Who shares a page that a link led to makes a link of the next generation.
stats-generation = Generation
stats-generation-first = First shares
stats-shared-on = Shared on
stats-parent = Shared on from { $parent }
stats-generation-of-link = { $generation ->
    [0] A first share
    [one] One share after the first
   *[other] { $generation } shares after the first
}

stats-empty = No shares yet
stats-empty-new = Make the first links by hand, one for each channel:
stats-empty-text = Each act of sharing makes one link, and each link knows its channel. Put the share buttons on a page, and the first channel appears here.
stats-empty-key = The key is the publishable one (<code>ens_pk_…</code>), which everybody may see. It was printed when the site was made; if it is lost, an owner makes a new one under <b>Settings</b>:
stats-empty-api = Or make a link by the API:
stats-empty-try = Nothing is counted of you while you try: a click counts only after somebody has allowed it.

stats-notes = How to read these numbers
stats-note-consent = <b>With consent only.</b> Clicks and visitors are those of people who allowed it. The true number of readers is higher.
stats-note-few = <b>Small numbers are not shown, and the others are rounded.</b> A small number could point at a person. A link’s day shows when enough people have come, from as many networks: { $from } to { $to }, a number that is drawn each time and kept secret. What is fewer counts for the week of its page and, where it is too few there, for the week of its channel; what is too few even for that is deleted. So a page, a campaign or a link has at least about so many, and a day of none looks like a day of a few.
stats-note-open = <b>Today is not shown.</b> A day shows when it is closed, soon after midnight UTC, and what stands with a whole week soon after the week has ended with its Sunday.
stats-note-unfurls = <b>Unfurls are evidence, not visits.</b> A chat app fetched a preview, so the link was pasted somewhere. Some apps fetch none, some fetch several. One that the link was not made for shows that somebody passed it on.
stats-note-clicks-per-share = <b>Clicks per share</b> is clicks for each 100 shares.

link-of-site = ← { $site }
link-made = Made on { $day }
link-expires = Expires on { $day }
link-expired = Expired on { $day }
link-off = Switched off
link-receipt = Receipt
link-of-page = All links to this page
link-bare = Without an answer: { $count }
link-bare-text = This site also keeps a bare count of how often the link was opened by visitors who had not answered: no tag, no visitor, only a number a day. It is a series of its own, never added to the clicks above.
link-qr = QR code
link-qr-text = A camera reads the short address from it. Scans that are allowed count as clicks of this link.
link-qr-svg = SVG, to print
link-qr-png = PNG, 1024 pixels
link-change = Change this link
link-change-url = Leads to
link-change-expires = Expires at the end of (UTC; empty: never)
link-change-review = Review the change
link-switch-off = Switch off
link-switch-on = Switch on
link-taken-down = The operator took this link down. Only they can restore it.
link-changed = The link is changed, and the change holds from now on.
link-confirm-title = Change /{ $code }
link-confirm = Change this link?
link-confirm-now = Now
link-confirm-then = Then
link-confirm-forwards = Forwards
link-confirm-yes = yes
link-confirm-no = no
link-confirm-never = never
link-confirm-url = It is in chats already: everybody who opens it from now on is led to the new page. What is counted until the end of today (UTC) stays with the old one.
link-confirm-off = Whoever opens it then is told that it is switched off. It can be switched on again.
link-confirm-on = Whoever opens it then is forwarded again.
link-confirm-forever = It then has no last day.
link-confirm-expires = From that day’s end on, whoever opens it is told that it has expired.
link-confirm-change = Change the link
link-confirm-back = Leave it as it is
link-unchanged = Nothing was changed: the form has what the link has.
link-wrong-url = The address { $reason }.
link-wrong-day = A day is written as 2026-11-21.
link-wrong-past = That day is over. To end the link now, switch it off.

## Links by hand

kit-lead = One link for each channel, so that each tells how far it carries the page.
kit-title = Title
kit-title-hint = stands before the address where an app shares text; may be left out
kit-campaign = Campaign
kit-campaign-hint = brings these links together in the stats; may be left out
kit-expires = Last day
kit-expires-hint = the links end with it, at midnight UTC; may be left out
kit-channels = Channels
kit-make = Make the links
kit-nothing = { $wrong ->
    [one] Nothing was made yet: one answer below cannot be used.
   *[other] Nothing was made yet: { $wrong } answers below cannot be used.
}
kit-again = Send the form again then: nothing is made twice.
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
kit-made = Made on { $day }
kit-last-day = Last day: { $day }
kit-gone = { $links ->
    [one] One link that was here is gone.
   *[other] { $links } links that were here are gone.
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
kit-ended = This link does not forward any more.

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
digest-days = { $week }, in days of UTC
digest-the-week = The week
digest-now = Number
digest-before = Week before
digest-change = Change
digest-clicks-per-share = Clicks per 100 shares
digest-bare = Bare counts, without an answer
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
    counted for its channel, so a page has at least about so many.
digest-note-open = Some of these days are not closed yet, and their visits are missing here.
digest-note-unfurls = Unfurls are previews fetched by chat apps. They are not visits.
digest-same-week = The same week in the stats
digest-address = The same week in the stats: { $address }
digest-why =
    This letter was sent by Entrenous because the operator named your address
    for this site. It loads nothing and tells nobody that you have read it.
