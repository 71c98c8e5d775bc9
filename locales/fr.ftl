### Les pages en français. Noms, arguments et balises sont les mêmes dans toutes les langues ; un test y veille.
### Un message à balises est affiché tel quel, ce qui y est inséré étant échappé ; tout autre est du texte simple.

## Toutes les pages

page-skip = Aller au contenu
page-nav = Principal
page-stats = Stats
page-new = Nouveaux liens
page-privacy = Vie privée
page-sign-out = Déconnexion
page-languages = Langue
page-footer = Les visiteurs ne sont comptés qu’avec leur accord.
page-footer-privacy = Ce qui est enregistré

too-few = trop peu pour être affiché
channel-email = E-mail
channel-copy = Lien copié
channel-native = Menu de partage
channel-qr = Code QR
channel-other = Autre
app-other = autres applications

## La question du consentement

consent-title = En route vers { $host }
consent-over = Ce lien mène à
consent-text = Si vous l’acceptez, { $publisher } compte aujourd’hui un clic sur ce lien, et note si vous êtes un nouveau visiteur du jour. Ni adresse ni détails du navigateur ne sont conservés, et rien de ce qui vous distingue des autres n’est gardé au-delà de la journée.
consent-lineage = Si vous l’acceptez, { $host } apprend aussi par quel lien vous êtes venu : le code du lien est ajouté à l’adresse dans le paramètre « ens ». Les liens partagés depuis cette page feront référence à celui-ci.
consent-remembered = Si vous acceptez ou refusez, un cookie retient ce choix et rien d’autre, pendant six mois et pour { $publisher } uniquement. Vous pouvez <a href="{ $privacy }">revenir sur votre réponse</a> à tout moment.
consent-allow = Accepter et continuer
consent-refuse = Refuser et continuer
consent-later = Continuer sans choisir
consent-receipt = Fiche de ce lien

## La fiche d’un lien

receipt-title = Fiche de /{ $code }
receipt-over = Fiche du lien <b>{ $address }</b>
receipt-active = Mène à { $host }
receipt-expired = Ce lien a expiré
receipt-disabled = Ce lien est désactivé
receipt-expired-text = Il ne redirige plus personne. Il menait à la page ci-dessous.
receipt-disabled-text = Son éditeur l’a désactivé : il ne redirige donc plus personne. Il menait à la page ci-dessous.
receipt-link = Le lien
receipt-destination = Destination
receipt-channel = Canal
receipt-campaign = Campagne
receipt-made = Créé le
receipt-expires = Expire le
receipt-expired-on = Expiré le
receipt-qr = Code QR
receipt-qr-files = <a href="{ $svg }">SVG</a> ou <a href="{ $png }">PNG</a>, à imprimer
receipt-stores = Ce que votre clic enregistrerait
receipt-not-active = <b>Rien.</b> Un lien qui ne redirige pas ne compte aucun clic.
receipt-granted = <b>Un clic sur ce lien aujourd’hui</b>, et une empreinte qui évite qu’un second clic du jour ne compte comme un second visiteur.
receipt-granted-more = Vous l’avez accepté. L’empreinte est un hachage à clé. À minuit UTC, sa clé est détruite, et des empreintes il ne reste que le nombre.
receipt-denied = <b>Rien.</b> Vous avez refusé, et même votre refus n’est pas enregistré ici.
receipt-signal = <b>Rien.</b> Votre navigateur envoie Global Privacy Control ou Do Not Track, ce qui vaut refus.
receipt-ask = <b>Rien avant votre réponse.</b> Une question vous serait d’abord posée, et toutes les réponses mènent à la page.
receipt-ask-more = Si vous acceptez : un clic sur ce lien aujourd’hui, et une empreinte dont la clé est détruite à minuit UTC. Si vous refusez ou ne choisissez pas : rien.
receipt-skip = <b>Rien.</b> La question ne vous a pas été posée, vous n’êtes donc pas compté.
receipt-aggregate = <b>Une ouverture de plus de ce lien aujourd’hui.</b> Ni empreinte, ni visiteur : seul un nombre augmente.
receipt-aggregate-more = La question ne vous a pas été posée. Si vous <a href="{ $privacy }">refusez</a>, même cela n’est pas enregistré.
receipt-lineage = Une fois que vous l’avez accepté, { $host } apprend aussi par quel lien vous êtes venu : le code du lien est ajouté à l’adresse dans le paramètre « ens ». Sinon, il ne l’est pas.
receipt-privacy = Ce lien appartient à { $publisher }. Vous pouvez <a href="{ $privacy }">donner, modifier ou retirer votre réponse</a> à tout moment.
receipt-counted-nothing = Rien n’a été compté lors de la consultation de cette fiche.
receipt-continue = Continuer vers { $host }

## Vie privée

privacy-title = Vie privée
privacy-heading = Ce qui est enregistré, et ce qui ne l’est jamais
privacy-lead = Un lien ne compte un visiteur que si cette personne y consent, et il n’apprend jamais de qui il s’agit.
privacy-answer = Votre réponse à { $publisher } dans ce navigateur
privacy-granted = <b>Accepté.</b> Quand vous ouvrez l’un de ses liens, un clic est compté.
privacy-denied = <b>Refusé.</b> Quand vous ouvrez l’un de ses liens, rien n’est enregistré.
privacy-unknown = <b>Pas encore de réponse.</b> Vous n’êtes compté comme visiteur qu’après l’avoir accepté.
privacy-signal = <b>Votre navigateur dit non.</b> Il envoie Global Privacy Control ou Do Not Track. Ce signal l’emporte sur toute réponse ci-dessous : rien n’est enregistré, et rien ne vous est demandé.
privacy-allow = Accepter
privacy-refuse = Refuser
privacy-forget = Oublier ma réponse
privacy-cookie = Votre réponse ne vaut que pour { $publisher }. Un cookie de ce navigateur la conserve six mois, n’est pas renouvelé et ne contient que oui ou non. Oublier votre réponse supprime le cookie.
privacy-lineage = Tant que vous l’acceptez, les pages auxquelles mènent ces liens apprennent aussi par quel lien vous êtes venu : le code du lien est ajouté à leur adresse dans le paramètre « ens ». Sinon, il ne l’est pas.
privacy-answers = Vos réponses dans ce navigateur
privacy-answers-text = Chaque éditeur pose sa propre question, et votre réponse à l’un ne vaut pas pour un autre. Pour modifier une réponse, suivez le lien qui figure dans la question ou sur la fiche d’un lien de cet éditeur. Pour ouvrir une fiche, ajoutez + à l’adresse du lien.
privacy-forget-all = Oublier toutes mes réponses
privacy-stored = Ce qui est enregistré quand un lien est ouvert
privacy-who = Qui l’ouvre
privacy-what = Ce qui est enregistré, pour ce lien et ce jour
privacy-who-allowed = Une personne qui l’a accepté
privacy-what-allowed = Clics + 1, une empreinte dans l’ensemble des visiteurs de ce jour, et l’un de 256 groupes de réseaux dans l’ensemble des réseaux de ce jour. À la fin du jour, il ne reste que la taille des deux ensembles, le temps d’en calculer les chiffres du jour.
privacy-who-refused = Une personne qui a refusé, ou dont le navigateur refuse (Global Privacy Control, Do Not Track)
privacy-what-refused = Rien, pas même son refus.
privacy-who-unknown = Une personne qui n’a pas répondu
privacy-what-unknown = Rien. Sur un site qui compte les ouvertures : ouvertures du jour + 1, sans empreinte et à part des clics.
privacy-who-preview = Le robot d’aperçu d’une messagerie
privacy-what-preview = Aperçus + 1. Cela montre que le lien a été collé quelque part ; ce n’est jamais un clic.
privacy-who-robot = Tout autre robot
privacy-what-robot = Rien.
privacy-never = Ce qui n’est jamais enregistré, journalisé ni transmis
privacy-never-address = Votre adresse IP
privacy-never-browser = Le nom ou la version de votre navigateur
privacy-never-referrer = La page d’où vous venez
privacy-never-mark = Un identifiant qui vous suivrait au-delà de la journée
privacy-never-sharer = Qui a partagé le lien
privacy-tag = Comment une empreinte est calculée
privacy-tag-text = Pour ne compter un visiteur qu’une fois par jour, le service calcule une empreinte :
privacy-tag-formula = HMAC-SHA256(clé du jour, "v1" ‖ code ‖ adresse ‖ navigateur)
privacy-tag-parts = Chaque élément est précédé de sa longueur, et le résultat est tronqué à 16 octets. L’adresse est l’adresse IP ; pour IPv6, seulement ses 64 premiers bits.
privacy-tag-key-shared = La clé du jour est faite de 32 octets aléatoires. Les machines de ce service la partagent par une base qui la garde en mémoire et n’écrit rien sur un disque, et elle est détruite à la fin du jour, à minuit UTC. Ensuite, plus personne, nous compris, ne peut recalculer la même empreinte ni vérifier une hypothèse.
privacy-tag-key-unknown = La clé du jour est faite de 32 octets aléatoires. Les machines de ce service la partagent par une base qui ne dit pas si elle écrit sur un disque, et elle est détruite là-bas et ici à la fin du jour, à minuit UTC. Si aucune copie d’un tel disque n’a été gardée, plus personne, nous compris, ne peut ensuite recalculer la même empreinte ni vérifier une hypothèse.
privacy-tag-key-disk = La clé du jour est faite de 32 octets aléatoires. Les machines de ce service la partagent par une base qui l’écrit aussi sur son disque, et elle est supprimée à la fin du jour, à minuit UTC. Mais ce disque, ou une copie, peut encore la contenir : toute personne qui en possède une pourrait savoir plus tard si une adresse et un navigateur donnés ont ouvert un lien donné ce jour-là.
privacy-tag-key = La clé du jour est faite de 32 octets aléatoires. Elle n’est jamais écrite sur un disque, et elle est détruite à la fin du jour, à minuit UTC. Ensuite, plus personne, nous compris, ne peut recalculer la même empreinte ni vérifier une hypothèse.
privacy-tag-code = Le code du lien fait partie de l’empreinte : la même personne a donc, sur deux liens, des empreintes sans rapport.
privacy-tag-network = Votre réseau (les 24 premiers bits de l’adresse, 48 pour une adresse IPv6) tombe dans l’un de 256 groupes, et ce groupe est enregistré à côté de l’empreinte. Une seconde clé, dérivée de la clé du jour, détermine lequel. Il sert à distinguer de nombreuses personnes d’une seule qui utiliserait de nombreux navigateurs. Des milliers de réseaux partagent un groupe. Sur le disque, il est masqué par un octet que seule la clé du jour permet d’obtenir, et il disparaît avec elle.
privacy-seen = Ce que voit l’éditeur
privacy-seen-text = Des nombres par lien, page, campagne, canal et jour. Rien d’autre n’existe. Les nombres sont conservés { $months } mois.
privacy-seen-exact = Cet éditeur a choisi des chiffres exacts, affichés immédiatement. Toute personne qui peut les voir peut donc savoir qu’un lien a été ouvert une fois, et quand, mais pas par qui.
privacy-seen-few = Les chiffres de cet éditeur sont protégés, avec k = { $k }. Les chiffres d’un jour sont affichés une fois ce jour terminé (minuit UTC), arrondis par paliers de { $k }, vers le haut ou vers le bas, au hasard.
privacy-seen-own = Le chiffre propre à un lien pour un jour n’est affiché que si le nombre de personnes qui l’ont ouvert et celui de leurs réseaux atteignent tous deux un seuil. Ce seuil est tiré au sort pour chaque lien et chaque jour, personne ne le connaît, et il se situe entre k + 1 et 2k.
privacy-seen-pool = Les chiffres plus petits sont ajoutés à la semaine de leur page, de leur canal et de leur campagne, ou de leur canal seul, à la même condition. Ceux qui restent trop petits sont supprimés. Si une page n’a qu’un lien, la semaine de la page est celle de ce lien.
privacy-seen-today = Pour aujourd’hui, seuls les totaux du site entier et de chaque canal sont affichés. Ils sont arrondis, changent aux heures pleines et n’apparaissent qu’après la venue de visiteurs d’au moins { $k } autres réseaux.
privacy-seen-attack = Une personne qui contrôle moins de { $k } réseaux n’apprend pas de ces chiffres si vous avez cliqué sur un lien un jour donné. Une personne qui en contrôle davantage voit, pour les jours terminés et avec une probabilité d’au moins { $chance } %, exactement ce qu’elle aurait vu sans votre clic.
privacy-seen-more = La protection faiblit quand il y a plus à voir : ouvrir un lien encore et encore, plusieurs liens vers une même page, ou un lien pendant de nombreux jours, c’est chaque fois une chance de plus. Les ouvertures, sur un site qui les compte, sont enregistrées sans réseaux, parce que rien ne vous a été demandé : là, une personne qui ouvre un lien très souvent peut apprendre si une autre l’a ouvert aussi.
privacy-seen-each = Chaque éditeur choisit si ses chiffres sont exacts ou protégés. Les chiffres protégés sont arrondis, et chacun représente plus qu’un certain nombre de personnes d’autant de réseaux. La page sur votre réponse à un éditeur indique son choix.
privacy-check = Vérifiez vous-même
privacy-check-text = Si vous exploitez ce service, vous n’avez pas à croire cette page sur parole. Avec la base intégrée, tout tient dans un fichier SQLite (<code>data/entrenous.db</code> par défaut) et un journal des clics effectués :
privacy-check-address = VOTRE ADRESSE IP
privacy-check-more = La première commande liste toutes les colonnes qui existent, la deuxième tout ce qu’elles contiennent, la troisième cherche une adresse et n’en trouve aucune. Avec Redis ou Valkey :
privacy-footer = Cette page ne contient aucun script et ne charge rien d’ailleurs.

## Un lien qui vient d’être partagé

share-title = Votre lien
share-heading = Votre lien est prêt
share-lead = Sélectionnez-le, copiez-le et collez-le dans votre message. Il mène à { $host }.
share-address = Adresse courte
share-qr = Code QR de { $address }
share-camera = Scannez ce code avec un téléphone pour obtenir la même adresse.
share-back = Retour à { $host }

waiting-title = Ce lien arrive
waiting-over = Un instant
waiting-lead = Il vient d’être partagé et n’est pas encore arrivé ici.
waiting-text = Cette page vérifie de nouveau automatiquement dans deux secondes.
waiting-again = Vérifier maintenant

## La première page

try-title = Essayer
try-title-landing = Liens courts privés
try-heading = Par quel canal privé une page voyage-t-elle ?
try-lead = Entrenous est un service de liens courts qui compte les partages et les clics par canal, sans savoir qui a partagé un lien ni qui l’a ouvert.
try-why = Vous voyez cette page parce que le service vient de démarrer pour la première fois, sur votre propre machine. Quatre étapes vous montrent tout.
try-share = Partagez une page
try-made = Voici le lien, créé pour le canal { $channel } :
try-send = L’envoyer avec { $channel }
try-another = En créer un autre
try-share-text = Chaque partage crée un lien : chaque lien connaît donc son canal.
try-page = Page à partager
try-channel = Canal
try-make = Créer le lien
try-wrong-url = L’adresse n’est pas acceptée : { $reason }.
try-wrong-channel = Le canal n’est pas accepté : { $reason }.
try-open = Ouvrez-le
try-open-text = Mettez-vous un instant à la place du visiteur. Le lien s’ouvre dans un nouvel onglet : cette page reste donc ouverte.
try-open-link = Ouvrir le lien
try-open-receipt = Vous voulez d’abord vérifier ? <a href="{ $receipt }">La fiche</a> indique où mène le lien et ce qu’un clic enregistrerait. La consulter ne compte rien.
try-answer = Répondez à la question
try-answer-text = Les trois réponses mènent à la page. Seul <b>Accepter et continuer</b> est compté.
try-answer-more = Pas de question ? C’est que votre navigateur envoie Global Privacy Control ou Do Not Track, ce qui vaut refus : rien n’est enregistré. Pour que la question vous soit reposée, oubliez votre réponse sur la <a href="{ $privacy }">page Vie privée</a>.
try-read = Lisez les chiffres
try-read-text = Connectez-vous avec la clé secrète (<code>ens_sk_…</code>) que le terminal a affichée au premier démarrage.
try-read-open = Ouvrir les statistiques
try-read-few = Un clic n’apparaît pas immédiatement, et jamais seul : ce site montre des nombres arrondis pour les jours terminés.
try-read-exact = Ce site montre des nombres exacts : votre clic apparaît immédiatement. D’autres sites montrent des nombres arrondis pour les jours terminés, sauf si vous en décidez autrement.
try-later-open = Mettez-vous à la place du visiteur.
try-later-answer = Une question honnête, trois boutons égaux.
try-later-read = Ce que voit l’équipe marketing, et ce que personne ne peut voir.
try-buttons = Mettez les boutons sur vos pages
try-buttons-text = Mettez ces deux lignes là où les boutons doivent apparaître. La clé est la clé publiable (<code>ens_pk_…</code>) que le terminal a affichée ; tout le monde peut la voir.
try-buttons-fixed = La première ligne peut aussi désigner une version exacte du script. Elle fonctionne jusqu’à la mise à jour du service :
try-privacy = Ce qui est enregistré, et ce qui ne l’est pas
try-publishers = Pour les éditeurs : les boutons de partage

## La connexion

sign-in-title = Se connecter
sign-in-heading = Connexion aux statistiques
sign-in-name = Nom
sign-in-name-hint = Avec la clé secrète du site, laissez le nom vide.
sign-in-key = Mot de passe, ou clé secrète
sign-in-hint = La clé commence par <code>ens_sk_</code> et a été affichée une seule fois, à la création du site. La clé publiable (<code>ens_pk_</code>) n’ouvre pas les statistiques.
sign-in-wrong = Le nom ou le mot de passe est faux. Après quelques essais, chacun prend un peu plus de temps.
sign-in-publishable = Ceci est la clé publiable. Les statistiques s’ouvrent avec la clé secrète, qui commence par ens_sk_.
sign-in-unknown = Aucun site n’a cette clé. A-t-elle été copiée en entier, ou remplacée depuis ?

## Les personnes, les sessions, les vues partagées

people-title = Personnes
people-of = Personnes de { $site }
people-text = Ces personnes peuvent se connecter aux statistiques de { $site }. Seuls le nom que vous choisissez ici, le rôle et une empreinte du mot de passe sont conservés.
people-made = Un mot de passe pour { $name }
people-made-text = Il n’est affiché que cette fois : transmettez-le par une voie sûre. Il peut être changé sous <b>Sessions</b>.
people-all = Personnes autorisées à se connecter
people-none = Personne n’a encore été ajouté. Toute personne qui détient la clé secrète du site en est propriétaire.
people-owner = Propriétaire
people-reader = Lecteur
people-you = vous
people-change = Modifier { $name }
people-make-reader = Rendre lecteur
people-make-owner = Rendre propriétaire
people-new-password = Nouveau mot de passe
people-remove = Retirer { $name }
people-ends = Un nouveau mot de passe ou un retrait met immédiatement fin aux sessions de la personne.
people-add-somebody = Ajouter quelqu’un
people-role = Rôle
people-reader-may = Lecteur : consulte et exporte les statistiques
people-owner-may = Propriétaire : gère aussi les liens, les personnes et les vues partagées
people-password = Mot de passe
people-password-hint = Au moins 12 caractères. Si vous le laissez vide, un mot de passe est créé et affiché une seule fois.
people-add = Ajouter
people-taken = Quelqu’un porte déjà ce nom. Choisissez-en un autre.
people-busy = Le service ne peut pas le faire pour le moment.
form-wrong = Non accepté, { $name } : { $reason }.
form-wrong-now = Pas maintenant : { $reason }.
form-wrong-last-day = Dernier jour non accepté : { $reason }.

sessions-title = Sessions
sessions-of-all = Toutes les personnes connectées aux statistiques de { $site }.
sessions-of-one = Où vous êtes connecté.
sessions-kept = Une session ne retient que son titulaire et ses heures : ni adresse, ni détails du navigateur.
sessions-changed = <b>Votre mot de passe a été changé.</b> Vos autres sessions ont pris fin.
sessions-all = Toutes les sessions
sessions-key = Clé secrète
sessions-own = Cette session
sessions-times = Commencée le { $began }. Utilisée pour la dernière fois le { $used }. Prend fin le { $ends } si elle n’est pas utilisée.
sessions-time = { $day } à { $time } UTC
sessions-end-own = Terminer cette session
sessions-end-one = Terminer la session { $number }
sessions-end = Terminer
sessions-end-others = Terminer toutes les autres
sessions-password = Votre mot de passe
sessions-old = Ancien mot de passe
sessions-old-wrong = L’ancien mot de passe est faux.
sessions-new = Nouveau mot de passe
sessions-new-hint = Au moins 12 caractères. Le changement met fin à vos autres sessions.
sessions-change = Changer le mot de passe

views-title = Vues partagées
views-of = Vues partagées de { $site }
views-text = Une vue partagée est une adresse qui permet à d’autres de lire une partie de ces chiffres sans se connecter, jusqu’à ce qu’elle expire ou que vous la révoquiez.
views-made = L’adresse de la nouvelle vue
views-made-text = Elle n’est affichée que cette fois. Toute personne qui la possède peut lire la vue.
views-made-few = Comme toutes les pages, la vue ne montre que des jours et des semaines clos, arrondis aux multiples de { $k } et sans les petits nombres. Les partages aussi sont arrondis, vers le bas.
views-now = Vues actuelles
views-none = Rien n’est partagé.
views-locked = Avec un mot de passe
views-until = jusqu’au { $day }
views-revoke = Révoquer
views-revoke-one = Révoquer { $name }, jusqu’au { $day }
views-share-one = Partager une vue
views-shows = Ce qu’elle montre
views-site = Tout le site
views-page = Une page
views-campaign = Une campagne
views-of-page = Page { $name }
views-of-campaign = Campagne { $name }
views-part = Page ou campagne
views-part-hint = L’adresse complète de la page, ou le nom de la campagne. Laissez le champ vide pour tout le site.
views-last-day = Dernier jour (UTC)
views-password-hint = Au moins 12 caractères. Si vous le laissez vide, l’adresse seule ouvre la vue.
views-share = Partager
views-share-this = Partager cette vue
views-copy = Copier l’adresse
views-everybody = Pour tout le monde
views-public = Les chiffres de { $site } sont publics, à l’adresse <a class="long" href="{ $address }">{ $address }</a>.
views-private = Les chiffres de { $site } ne sont pas publics.
views-make-private = Rendre les chiffres privés
views-make-public = Rendre les chiffres publics
views-badges = Les liens ont des badges à l’adresse <code class="long">{ $address }</code>. Avec <code>?of=page</code>, un badge compte pour toute la page à laquelle le lien mène.
views-badges-off = Les liens n’ont pas de badges. Un badge est une petite image qui donne le total des clics d’un lien et que toute page peut afficher.
views-badges-switch-off = Désactiver les badges
views-badges-switch-on = Activer les badges

site-title = Réglages
site-of = Réglages de { $site }
site-text = Ces réglages déterminent ce que les liens du site peuvent faire, et quelles sont ses clés. Les chiffres publics et les badges se règlent sous Vues partagées.
site-unknown-proxy = <b>Les visiteurs passent par un proxy que ce service ne connaît pas.</b> Tous semblent être le proxy : trop peu de visiteurs sont comptés, et tous se partagent les limites prévues pour un seul. L’exploitant du service peut ajouter le réseau du proxy au réglage <code>server.trusted_proxies</code>.
site-one-network = <b>Les clics d’aujourd’hui ne viennent que de quelques réseaux.</b> S’il y a un proxy devant le service, l’exploitant peut ajouter le réseau du proxy au réglage <code>server.trusted_proxies</code>.
site-saved = <b>Enregistré.</b> Les réglages s’appliquent désormais aux nouveaux liens et aux visiteurs qui arrivent. Seul le nombre de personnes derrière un chiffre (k) s’applique à partir de demain (UTC).
site-changed = Ces réglages ont été modifiés depuis que vous avez ouvert cette page. Rien n’a encore été enregistré : consultez les nouveaux réglages dans un autre onglet, ou enregistrez de nouveau pour les remplacer.
site-not-saved = Rien n’a été enregistré. Corrigez les champs signalés ci-dessous.
site-links = Liens
site-destinations = Hôtes vers lesquels les liens peuvent mener
site-destinations-hint = Un par ligne, sous-domaines compris ; <code>*</code> autorise n’importe quel hôte. Les liens existants continuent de fonctionner.
site-origins = Pages web qui peuvent créer des liens
site-origins-hint = Leurs origines, une par ligne, comme <code>https://www.example.com</code> ; <code>*</code> les autorise toutes. Seuls les boutons de partage de ces pages peuvent utiliser la clé publiable. Les programmes n’ont pas d’origine et n’en ont pas besoin.
site-consent = Visiteurs qui n’ont pas répondu à la question
site-consent-hint = Les visiteurs qui ont répondu ne sont plus interrogés pendant six mois. Global Privacy Control et Do Not Track sont toujours respectés.
site-consent-usual = Par défaut : { $policy }
site-consent-ask = Demander d’abord
site-consent-skip = Rediriger, ne rien compter
site-consent-aggregate = Rediriger, compter seulement les ouvertures
site-min-count = Nombre de personnes derrière chaque chiffre (k)
site-min-count-exact = 1 : chaque chiffre est exact
site-min-count-from = Un changement s’applique à partir de demain (UTC). Les jours précédents gardent leurs chiffres.
site-min-count-tomorrow = Aujourd’hui, c’est { $k } ; à partir de demain (UTC), ce sera { $next }.
min-count-one = Avec 1, chaque chiffre est exact et affiché immédiatement, même s’il s’agit d’une seule personne. Toute personne qui voit les chiffres peut donc savoir qu’un lien a été ouvert une fois, et quand.
min-count-some = Avec k de 5 à 20, les chiffres d’un lien pour un jour s’affichent une fois le jour terminé, seulement si plus de k personnes de plus de k réseaux l’ont ouvert, et arrondis par paliers de k. Les chiffres plus petits n’apparaissent que dans la semaine de leur page ou de leur canal, ou pas du tout. Pour aujourd’hui, seuls les totaux du site et de ses canaux s’affichent, et seulement de temps à autre.
site-utm = Paramètres UTM
site-utm-hint = Les paramètres qui renseignent la mesure d’audience de la destination, comme <code>source={"{channel}"},medium=share,campaign={"{campaign}"}</code>. Pour un seul canal, ajoutez une ligne comme <code>email:medium=newsletter</code>. Laissez le champ vide pour n’en ajouter aucun.
site-strip = Autres paramètres à retirer des adresses partagées
site-strip-hint = Quand quelqu’un partage une page, tout ce qui désigne une personne ou une session est retiré de son adresse avant l’enregistrement : les identifiants de clic comme <code>fbclid</code>, ceux des outils d’e-mailing comme <code>mc_eid</code>, les adresses e-mail et les jetons. Ajoutez ici d’autres noms, un par ligne.
site-keep = Paramètres à conserver
site-keep-hint = Un par ligne, si vos pages ont besoin d’un paramètre qui serait retiré.
site-forwarding = Quand un visiteur est redirigé
site-forward-query = Transmettre ce qui suit le <code>?</code> de l’adresse courte
site-lineage = Transmettre à la destination le code du lien (<code>ens=CODE</code>), pour que vous voyiez quels partages en ont entraîné d’autres
site-save = Enregistrer
site-wrong-none = Il faut au moins un hôte, ou *.
site-wrong-destination = « { $text } » n’est pas un hôte comme example.com, une adresse IP, ou *.
site-wrong-origin = « { $text } » n’est pas une origine comme https://www.example.com, ou *.
site-wrong-utm = Cela ne se lit pas : { $reason }.
site-wrong-parameter = « { $text } » n’est pas le nom d’un paramètre comme mc_eid.
site-keys = Clés
site-keys-text = Seules les empreintes des clés sont conservées. Une clé perdue ne peut plus être affichée, mais elle peut être remplacée.
site-key-new-publishable = La nouvelle clé publiable
site-key-new-secret = La nouvelle clé secrète
site-key-new-text = Elle n’est affichée qu’une fois. L’ancienne n’est plus valable.
site-key-publishable = Clé publiable
site-key-publishable-text = Commence par <code>ens_pk_</code>. Elle est visible dans vos pages et permet de créer des liens, rien d’autre.
site-key-publishable-replace = Remplacer la clé publiable
site-key-publishable-ends = L’ancienne clé cesse immédiatement de fonctionner ; les adresses déjà données restent valables. Tant que vos pages n’ont pas la nouvelle clé, leurs boutons partagent l’adresse de la page même, et rien n’est compté.
site-key-publishable-sure = Créer une nouvelle clé publiable
site-key-secret = Clé secrète
site-key-secret-text = Commence par <code>ens_sk_</code>. Vos programmes l’utilisent, et elle vous connecte comme propriétaire. Ne la mettez jamais dans une page web.
site-key-secret-replace = Remplacer la clé secrète
site-key-secret-ends = L’ancienne clé cesse immédiatement de fonctionner pour tous les programmes qui l’utilisent, et les autres sessions ouvertes avec elle prennent fin. Les personnes connectées par leur nom le restent.
site-key-secret-sure = Créer une nouvelle clé secrète

unlock-title = Une vue partagée
unlock-heading = Cette vue est protégée par un mot de passe
unlock-wrong = Le mot de passe est faux.
unlock-open = Ouvrir la vue
unlock-who = La personne qui vous a donné l’adresse connaît le mot de passe.

shared-public = Chiffres publics de { $site }
shared-until = Vue partagée de { $site }, jusqu’au { $day }
shared-steps = Les partages de chaque jour sont arrondis au multiple inférieur de { $k } : sur de nombreux petits jours, il s’en affiche moins qu’il n’y en a eu.

## Les statistiques

stats-title = Statistiques de { $name }
stats-shares = Partages
stats-unfurls = Aperçus
stats-clicks = Clics
stats-visitors = Visiteurs
stats-clicks-per-share = Clics par partage
stats-opens = Ouvertures
stats-channel = Canal
stats-page = Page
stats-campaign = Campagne
stats-link = Lien
stats-day = Jour (UTC)
stats-days = Jours (UTC)
stats-shares-hint = un lien chacun
stats-share = Partage
stats-share-hint = a créé ce lien
stats-unfurls-hint = dans les messageries
stats-clicks-hint = avec accord
stats-visitors-hint = par lien et par jour
stats-visitors-of-link-hint = par personne et par jour
stats-clicks-per-share-unknown = inconnu
stats-clicks-per-share-hint = clics ÷ partages
stats-from-shares = Des partages aux visiteurs
stats-back = ← { $name }
stats-open-page = Ouvrir la page
stats-filters = Seulement
stats-filter = { $what } : { $name }
stats-filter-remove = Retirer : { $name }

stats-period = Période
stats-period-today = Aujourd’hui
stats-period-7d = 7 jours
stats-period-30d = 30 jours
stats-period-90d = 90 jours
stats-period-12m = 12 mois
stats-from = Du
stats-to = Au
stats-show = Afficher
stats-range = Du { $from } au { $to }, en jours UTC
stats-range-day = { $from }, un jour UTC
stats-compared = par rapport à la période du { $from } au { $to }
stats-compared-day = par rapport au { $from }
stats-period-wrong-day = Écrivez un jour comme 2026-11-21. Voici les 30 derniers jours.
stats-period-wrong-order = Voici les 30 derniers jours : le premier jour ne doit pas suivre le dernier.
stats-period-too-long = Voici les 30 derniers jours : une période compte au plus 800 jours.
stats-more = { $percent } de plus ({ $before } avant)
stats-less = { $percent } de moins ({ $before } avant)
stats-less-so-far = { $percent } de moins à ce stade ({ $before } avant)
stats-same = autant qu’avant
stats-was = { $before } avant
stats-was-whole = { $before } hier, jour entier
stats-new = aucun avant

stats-consent-line = Comptés avec accord. Ces nombres excluent les personnes qui ont refusé, n’ont pas répondu ou n’ont pas été interrogées, celles dont le navigateur s’y oppose, et les robots.
stats-how = Comment lire ces chiffres
stats-exact = Chaque nombre est exact : ce site montre même un seul clic.
stats-rounded = Les nombres sont arrondis aux multiples de { $k }. Une page, une campagne ou un lien en a au moins environ autant qu’affiché ; le reste compte avec une semaine ou un canal.
stats-rounded-part = Les nombres sont arrondis aux multiples de { $k }, et il y en a au moins environ autant qu’affiché : le reste compte avec un canal.
stats-rounded-link = Les nombres sont arrondis aux multiples de { $k }, et le lien en a au moins environ autant qu’affiché : le reste compte avec sa page ou son canal.
stats-dash = Un tiret signifie trop peu pour être affiché, ou aucun.
stats-nothing-of-site = Aucune visite n’est affichée pour ces jours : personne n’est venu, ou trop peu de personnes. Le jour d’un lien s’affiche quand assez de personnes l’ont ouvert, d’autant de réseaux : de { $from } à { $to }, un nombre tiré au sort chaque fois. Des nombres plus petits peuvent s’afficher pour une semaine entière de la page ou du canal.
stats-nothing-of-page = Aucune visite n’est affichée pour ces jours : personne n’est venu, ou trop peu de personnes. Le jour d’un lien s’affiche quand assez de personnes l’ont ouvert, d’autant de réseaux : de { $from } à { $to }, un nombre tiré au sort chaque fois. Une semaine s’affiche quand autant de personnes ont ouvert l’un de ces liens, et des nombres plus petits peuvent s’afficher pour le canal.
stats-nothing-of-link = Aucune visite de ce lien n’est affichée pour ces jours : personne n’est venu, ou trop peu de personnes. Un jour s’affiche quand assez de personnes ont ouvert le lien, d’autant de réseaux : de { $from } à { $to }, un nombre tiré au sort chaque fois. Des nombres plus petits peuvent s’afficher pour sa page, dans une semaine.
stats-opens-line = Ouvertures, comptées à part : <b>{ $count }</b>, par des visiteurs qui n’avaient pas répondu. Personne n’est reconnu.
stats-reading-title = Lecture des jours
stats-reading = Jours lus : { $read } sur { $of }. Cette page vérifie de nouveau automatiquement.
stats-reading-text = Après un démarrage, les nombres des jours passés sont lus une fois dans la base, puis restent en mémoire.
stats-reading-again = Vérifier maintenant

stats-over-time = Évolution
stats-chart = Clics et visiteurs, du { $from } au { $to }
stats-chart-opens = Ouvertures, du { $from } au { $to }
stats-chart-desc = Barres par { $grain ->
    [month] mois
    [week] semaine
   *[day] jour
}.
stats-chart-table = Le tableau sous le graphique donne les mêmes nombres.
stats-chart-opens-table = Le tableau du graphique précédent donne les mêmes nombres.
stats-legend-clicks = Clics
stats-legend-visitors = dont visiteurs
stats-legend-before = Clics de la période précédente
stats-legend-few = { $grain ->
    [day] Trop peu pour être affiché, ou aucun
   *[other] Seulement des jours avec trop peu pour être affiché, ou aucun
}
stats-legend-today = Aujourd’hui jusqu’ici
stats-legend-open = Pas encore terminé, ou pas encore clos
stats-legend-week = Comptés pour une semaine entière : trop peu chacun de ses jours
stats-tip-clicks = { $number ->
    [one] { $count } clic
   *[other] { $count } clics
}
stats-tip-visitors = { $number ->
    [one] { $count } visiteur
   *[other] { $count } visiteurs
}
stats-tip-opens = { $number ->
    [one] { $count } ouverture
   *[other] { $count } ouvertures
}
stats-tip-before = avant : { $clicks }
stats-tip-week = et pour la semaine entière : { $counted }
stats-today = auj.
stats-today-so-far = { $day }, aujourd’hui jusqu’ici
stats-today-until = Aujourd’hui jusqu’à { $time } UTC : environ { $counted }.
stats-not-closed = { $day }, pas encore clos
stats-when-closed = affiché une fois clos
stats-with-week = Pour la semaine entière, du { $from } au { $to }
stats-week = du { $from } au { $to }
stats-no-day = Aucun jour n’a eu ici assez de visiteurs pour être affiché
stats-no-clicks = Aucun clic dans cette période
stats-table = Les nombres en tableau
stats-take = Télécharger
stats-csv = CSV
stats-json = JSON
stats-api = La même chose par l’API :

stats-channels = Canaux
stats-channels-text = Les canaux privés par lesquels vos pages circulent : ce qui s’y partage, et la part des clics qui en vient.
stats-of-shares = des partages
stats-of-clicks = des clics
stats-share-of = { $name } : { $percent }
stats-rest = Autres canaux
stats-pages = Pages
stats-campaigns = Campagnes
stats-links = Liens
stats-top-pages = Pages les plus ouvertes
stats-top-links = Liens les plus ouverts
stats-all-pages = Toutes les pages
stats-all-campaigns = Toutes les campagnes
stats-all-links = Tous les liens
stats-apps = Aperçus par application
stats-app = Application
stats-no-campaign = Sans campagne
stats-others = { $groups ->
    [one] { $groups } autre
   *[other] { $groups } autres
}
stats-elsewhere-page = Trop peu pour être attribué à une page
stats-elsewhere-campaign = Trop peu pour être attribué à une campagne
stats-elsewhere-link = Trop peu pour être attribué à un lien
stats-find = Adresse courte ou code d’un lien
stats-find-open = Ouvrir sa page
stats-find-missed = Aucun lien de ce site ne correspond à « { $sought } ». Les majuscules et les minuscules sont distinguées.
stats-nothing-here = Rien n’a été partagé ni ouvert ici pendant cette période. Essayez-en une plus longue.
stats-beyond = Créé pour { $channel }, aperçu dans { $apps } : il a été transmis.
stats-and = { $before } et { $last }

stats-lineage = Partages issus de partages
stats-by-generation = Partages par génération
stats-by-channel = Partages par canal, et leurs suites
stats-lineage-text = Quand une personne partage une page à laquelle un lien l’a menée, le nouveau lien appartient à la génération suivante.
stats-generation = Génération
stats-generation-first = Premiers partages
stats-shared-on = Repartagés
stats-parent = Repartagé depuis { $parent }
stats-generation-of-link = { $generation ->
    [0] Un premier partage
    [one] { $generation } partage après le premier
   *[other] { $generation } partages après le premier
}

stats-empty = Pas encore de partage
stats-empty-new = Créez les premiers liens à la main, un par canal :
stats-empty-text = Chaque partage crée un lien, et chaque lien connaît son canal. Mettez les boutons de partage sur une page, et le premier canal apparaîtra ici.
stats-empty-key = La clé est la clé publiable (<code>ens_pk_…</code>), que tout le monde peut voir. Elle a été affichée à la création du site ; si elle est perdue, un propriétaire en crée une autre sous <b>Réglages</b> :
stats-empty-api = Ou créez un lien par l’API :
stats-empty-try = Vos essais n’enregistrent rien sur vous : un clic ne compte qu’une fois accepté.

stats-notes = Comment lire ces chiffres
stats-note-consent = <b>Avec accord seulement.</b> Les clics et les visiteurs sont ceux des personnes qui ont accepté d’être comptées. Le vrai nombre de lecteurs est plus élevé.
stats-note-few = <b>Les petits nombres ne sont pas affichés, et les autres sont arrondis.</b> Un petit nombre pourrait désigner une personne. Le jour d’un lien s’affiche quand assez de personnes l’ont ouvert, d’autant de réseaux : de { $from } à { $to }, un nombre tiré au sort chaque fois et tenu secret. Les nombres plus petits comptent pour la semaine de leur page et, s’ils y sont trop petits, pour la semaine de leur canal ; ceux qui ne suffisent toujours pas sont supprimés. Une page, une campagne ou un lien en a donc au moins environ autant qu’affiché, et un jour sans visite ressemble à un jour qui en a eu quelques-unes.
stats-note-open = <b>Aujourd’hui n’est pas affiché.</b> Un jour s’affiche une fois clos, peu après minuit UTC. Les nombres d’une semaine entière s’affichent peu après la fin de son dimanche.
stats-note-unfurls = <b>Les aperçus sont des indices, pas des visites.</b> Une messagerie a chargé un aperçu : le lien a donc été collé quelque part. Certaines n’en chargent aucun, d’autres plusieurs. Un aperçu dans une autre application que celle du lien montre que quelqu’un l’a transmis.
stats-note-clicks-per-share = <b>Les clics par partage</b> sont le nombre de clics divisé par le nombre de partages : 160 clics pour 100 partages donnent 1,6.

link-of-site = ← { $site }
link-made = Créé le { $day }
link-expires = Expire le { $day }
link-expired = Expiré le { $day }
link-off = Désactivé
link-receipt = Fiche
link-of-page = Tous les liens vers cette page
link-opens = Ouvertures : { $count }
link-opens-text = Une ouverture est comptée quand une personne qui n’a pas répondu ouvre le lien. Personne n’est reconnu : ni empreinte, ni visiteur, seulement un nombre par jour. Les ouvertures forment une série à part et ne s’ajoutent jamais aux clics ci-dessus.
link-qr = Code QR
link-qr-text = Scannez-le pour ouvrir l’adresse courte. Les lectures acceptées comptent comme des clics sur ce lien.
link-qr-svg = SVG, à imprimer
link-qr-png = PNG, 1024 pixels
link-change = Modifier ce lien
link-change-url = Mène à
link-change-expires = Expire à la fin du (UTC ; laissez vide pour jamais)
link-change-review = Vérifier la modification
link-switch-off = Désactiver
link-switch-on = Réactiver
link-taken-down = L’exploitant du service a retiré ce lien. Lui seul peut le rétablir.
link-changed = Le lien a été modifié. La modification s’applique dès maintenant.
link-confirm-title = Modifier /{ $code }
link-confirm = Modifier ce lien ?
link-confirm-now = Maintenant
link-confirm-then = Ensuite
link-confirm-forwards = Redirige
link-confirm-yes = oui
link-confirm-no = non
link-confirm-never = jamais
link-confirm-url = Le lien est déjà dans des conversations : toute personne qui l’ouvrira désormais arrivera à la nouvelle page. Ce qui est compté jusqu’à la fin de ce jour (UTC) reste à l’ancienne.
link-confirm-off = Toute personne qui ouvrira alors le lien verra qu’il est désactivé. Il peut être réactivé.
link-confirm-on = Toute personne qui ouvrira alors le lien sera de nouveau redirigée.
link-confirm-forever = Le lien n’expirera alors plus.
link-confirm-expires = Après la fin de ce jour, toute personne qui ouvrira le lien verra qu’il a expiré.
link-confirm-change = Modifier le lien
link-confirm-back = Le laisser tel quel
link-unchanged = Rien n’a été modifié : le formulaire contient ce que le lien a déjà.
link-wrong-url = L’adresse n’est pas acceptée : { $reason }.
link-wrong-day = Un jour s’écrit comme 2026-11-21.
link-wrong-past = Ce jour est passé. Pour arrêter le lien maintenant, désactivez-le.

## Des liens à la main

kit-lead = Créez un lien pour chaque canal : vous verrez jusqu’où chacun porte la page.
kit-title = Titre
kit-title-hint = facultatif ; placé avant l’adresse quand une application partage du texte
kit-campaign = Campagne
kit-campaign-hint = facultatif ; regroupe ces liens dans les statistiques
kit-expires = Dernier jour
kit-expires-hint = facultatif ; les liens expirent à la fin de ce jour, à minuit UTC
kit-channels = Canaux
kit-make = Créer les liens
kit-nothing = { $wrong ->
    [one] Rien n’a encore été créé : un champ ci-dessous est à corriger.
   *[other] Rien n’a encore été créé : { $wrong } champs ci-dessous sont à corriger.
}
kit-again = Envoyez ensuite le formulaire à nouveau : rien n’est créé deux fois.
kit-wrong-title = Le titre n’est pas accepté : { $reason }.
kit-wrong-campaign = La campagne n’est pas acceptée : { $reason }.
kit-wrong-past = Ce jour est passé.
kit-wrong-none = Choisissez au moins un canal.
kit-wrong-channels = Un canal n’est pas connu : { $reason }.
kit-links = { $links ->
    [one] { $links } lien
   *[other] { $links } liens
}
kit-ready = { $links ->
    [one] { $links } lien est prêt
   *[other] { $links } liens sont prêts
}
kit-made = Créés le { $day }
kit-last-day = Dernier jour : { $day }
kit-gone = { $links ->
    [one] { $links } lien qui était ici n’existe plus.
   *[other] { $links } liens qui étaient ici n’existent plus.
}
kit-svg = Code QR en SVG
kit-png = Code QR en PNG
kit-csv = Adresses en CSV
kit-zip = Codes QR en ZIP
kit-another = D’autres liens comme ceux-ci
kit-bookmark = Cette page garde son adresse : ajoutez-la à vos favoris pour y revenir.
kit-address = Adresse courte pour { $channel }
kit-copy = Copier
kit-copy-channel = Copier l’adresse pour { $channel }
kit-copied = Copié
kit-send = L’envoyer par { $channel }
kit-ended = Ce lien ne redirige plus.

## Les erreurs

error-over = Erreur { $status }
error-not_json-title = Pas du JSON
error-not_json = Le corps n’est pas un document JSON en UTF-8.
error-bad_request-title = Requête illisible
error-bad_request = La requête ne peut pas être lue.
error-no_key-title = Pas de clé
error-no_key = Envoyez une clé du site par Authorization: Bearer … ou X-Api-Key ; à /share, par son paramètre key.
error-unknown_key-title = Clé inconnue
error-unknown_key = Aucun site n’a cette clé. A-t-elle été remplacée ?
error-secret_key_needed-title = La clé n’en a pas le droit
error-secret_key_needed = Une clé publiable ne fait que créer des liens, sans code choisi. Il faut ici la clé secrète du site.
error-publishable_key_needed-title = Clé secrète dans une adresse
error-publishable_key_needed = Les adresses restent dans les historiques et les journaux. Utilisez ici la clé publiable du site, et remplacez la clé secrète.
error-not_followed-title = Lien non suivi
error-not_followed = Un partage commence quand une personne suit un lien, pas quand une page le charge.
error-foreign_origin-title = Origine non autorisée
error-foreign_origin = La page qui a envoyé cette requête n’y est pas autorisée.
error-owner_needed-title = Seul un propriétaire peut le faire
error-owner_needed = Vous êtes connecté comme lecteur. Un propriétaire du site, ou toute personne qui détient sa clé secrète, peut le faire.
error-stale_form-title = Le formulaire appartient à une autre session
error-stale_form = Quelqu’un s’est connecté ou déconnecté depuis l’ouverture de la page du formulaire.
error-name_taken-title = Ce nom est pris
error-name_taken = Quelqu’un porte déjà ce nom. Choisissez-en un autre.
error-not_found-title = Introuvable
error-not_found = Il n’y a rien à cette adresse.
error-not_here_yet-title = Pas encore disponible
error-not_here_yet = Cette adresse est réservée, mais son lien n’est pas encore créé. Réessayez dans un instant.
error-method_not_allowed-title = Méthode refusée
error-method_not_allowed = L’en-tête Allow donne les méthodes de cette adresse.
error-timed_out-title = Trop lent
error-timed_out = La requête a mis trop de temps à arriver ou à recevoir sa réponse.
error-slug_taken-title = Ce code est pris
error-slug_taken = Un autre lien porte ce code. Choisissez-en un autre.
error-code_taken-title = Ce code est pris
error-code_taken = Le code réservé a servi pour une autre destination ou un autre canal.
error-expired-title = Ce lien a expiré
error-expired = Son éditeur a fixé une date de fin, qui est passée.
error-disabled-title = Ce lien est désactivé
error-disabled = Son éditeur l’a désactivé.
error-precondition_failed-title = Le lien a changé
error-precondition_failed = Le lien n’est plus tel que l’attend If-Match. Relisez-le, puis renvoyez la requête avec son ETag actuel.
error-length_required-title = Longueur obligatoire
error-length_required = Envoyez le corps en une fois, avec Content-Length et sans Transfer-Encoding.
error-too_large-title = Trop volumineux
error-too_large = Le corps d’une requête ne peut pas dépasser 64 Kio.
error-wrong_media_type-title = Type de contenu non pris en charge
error-wrong_media_type = Envoyez le formulaire comme sa page l’envoie.
error-invalid_params-title = Certains paramètres ne sont pas valables
error-invalid_params = Certains paramètres de cette requête enfreignent une règle :
error-too_many_requests-title = Trop de requêtes
error-too_many_requests = Ce client a envoyé trop de requêtes en une minute.
error-taken_down-title = Ce lien a été retiré
error-taken_down = L’exploitant de ce service l’a retiré pour abus.
error-unavailable-title = Réessayez dans un instant
error-unavailable = Le service ne peut pas le faire pour le moment. Réessayez dans un instant.
error-internal-title = Quelque chose s’est mal passé
error-internal = Quelque chose s’est mal passé de notre côté.
error-sign_in_first-title = Connectez-vous d’abord
error-sign_in_first = Cette page est réservée aux personnes connectées.
error-secret_key_in_page-title = Clé secrète dans une page
error-secret_key_in_page = Un navigateur a envoyé cette clé secrète, donc tout le monde peut la lire. Utilisez ici la clé publiable du site, et remplacez la clé secrète si la page a été publiée.
error-external_id_taken-title = Cet external_id est pris
error-external_id_taken = Un lien vers une autre destination ou par un autre canal porte cet external_id.
error-idempotency_key_reused-title = Cette Idempotency-Key a déjà servi
error-idempotency_key_reused = Une autre requête portait cette Idempotency-Key au cours des dernières 24 heures. Envoyez une nouvelle clé avec chaque nouvelle requête.
error-misdirected-title = Hôte inconnu
error-misdirected = Ce service n’utilise pas ce nom d’hôte. Son exploitant définit son adresse par server.public_url.
error-advice-missing = Les liens courts distinguent les majuscules des minuscules. Demandez à la personne qui l’a envoyé de le renvoyer.
error-advice-gone = Rien n’a été compté. Demandez à la personne qui l’a envoyé l’adresse de la page elle-même.
error-advice-refused = Revenez en arrière, rouvrez la page et réessayez.
error-advice-invalid = Revenez en arrière et partagez plutôt l’adresse de la page elle-même. Son éditeur peut corriger cela.
error-advice-wait = Attendez un instant, puis rechargez la page.
error-advice-internal = Réessayez plus tard. Si cela persiste, prévenez l’éditeur qui a partagé le lien.
error-advice-other = Revenez en arrière et réessayez.

## Pourquoi une chose a été refusée
reason-missing = est obligatoire
reason-empty = ne doit pas être vide
reason-not_object = le corps doit être un objet JSON
reason-not_string = doit être une chaîne de caractères
reason-not_boolean = doit être true ou false
reason-not_array = doit être un tableau d’au plus { $max } éléments
reason-not_time = doit être une date et une heure, comme 2027-01-31T12:00:00Z (RFC 3339)
reason-out_of_range = doit être un nombre entier de { $min } à { $max }
reason-wrong_length = doit compter de { $min } à { $max } octets
reason-not_ascii = doit être un texte ASCII
reason-not_one_of = doit être l’une de ces valeurs : { $known }
reason-not_cursor = doit être le next_cursor d’une réponse précédente
reason-unknown_field = cet appel n’a pas de champ de ce nom
reason-unknown_parameter = cet appel n’a pas de paramètre de ce nom. Il accepte : { $known }
reason-too_long = ne doit pas dépasser { $max } { $unit ->
    [bytes] octets
   *[characters] caractères
}
reason-control_character = ne doit pas contenir de caractères de commande
reason-not_an_address = ce n’est pas une adresse complète, telle que https://exemple.fr/page
reason-not_http = doit commencer par http:// ou https://
reason-credentials = ne doit contenir ni nom d’utilisateur ni mot de passe
reason-host_not_allowed = ce site n’autorise pas cet hôte
reason-leads_back = ne doit pas ramener à ce service
reason-malformed_code = doit compter de 1 à 64 lettres, chiffres, « - » ou « _ »
reason-own_address = est l’une des adresses du service lui-même
reason-leading_hyphen = ne doit pas commencer par « - »
reason-reserved_slug = a la forme d’un code réservé
reason-unknown_claim = doit être un jeton que ce site a reçu avec un code réservé
reason-expired_claim = a expiré ; réservez d’autres codes
reason-claim_with_slug = ne peut pas être combiné avec slug
reason-unknown_parent = doit être le code d’un lien de ce site
reason-not_in_future = doit être à venir
reason-malformed_channel = doit compter de 1 à 32 lettres minuscules, chiffres, « - » ou « _ », et commencer par une lettre
reason-unknown_channel = doit être l’un de ceux-ci : { $known }
reason-not_a_day = doit être un jour écrit comme 2026-11-21
reason-from_after_to = ne doit pas être postérieur à to
reason-period_too_long = doit précéder to de moins de { $days } jours
reason-not_a_grouping = doit être channel, page, campaign, link ou day
reason-not_a_min_count = doit être 1, ou de 5 à 20
reason-not_a_policy = doit être ask, skip ou aggregate
reason-not_a_role = doit être owner ou reader
reason-malformed_name = doit compter de 1 à 60 caractères, sur une seule ligne
reason-password_length = doit compter au moins 12 caractères et au plus 256 octets
reason-unknown_part = doit être tout le site, une page ou une campagne
reason-page_and_campaign = ne peut pas être combiné avec page
reason-view_expiry = doit être à venir, dans { $days } jours au plus
reason-too_many_views = un site partage au plus { $max } vues à la fois ; révoquez-en une d’abord
reason-too_small = doit valoir au moins { $min } pour cette adresse
reason-level_too_high = doit être un niveau inférieur, car l’adresse courte est trop longue pour celui-ci
reason-comma = ne doit pas contenir de virgule
reason-unknown_placeholder = contient une variable inconnue, {"{"}{ $name }{"}"} ; les variables connues sont {"{"}channel{"}"} et {"{"}campaign{"}"}
reason-placeholder_twice = contient deux fois la variable {"{"}{ $name }{"}"}
reason-stray_brace = contient une accolade qui n’appartient à aucune variable ; les variables connues sont {"{"}channel{"}"} et {"{"}campaign{"}"}
reason-unknown_utm_part = « { $text } » n’est ni source=…, ni medium=…, ni campaign=…, séparés par des virgules
reason-utm_part_twice = { $part } est donné deux fois
reason-utm_part = { $part } : { $reason }
reason-utm_without_channel = doit avoir la forme CANAL:PARTIE=MODÈLE, comme email:medium=newsletter
reason-utm_channel_name = nom du canal : { $reason }
reason-utm_of_channel = { $channel } : { $reason }
reason-utm_unknown_channel = le canal « { $channel } » n’existe pas ; les canaux connus sont { $known }
reason-utm_channel_twice = le canal « { $channel } » est donné deux fois
reason-utm_all_twice = les modèles de tous les canaux sont donnés deux fois

field-page = page
field-campaign = campagne
field-password = mot de passe
field-name = nom
field-part = partie

## La lettre hebdomadaire. Les lignes se terminent où celles d’une lettre simple le font

digest-subject = { $site } : { $week }
digest-days = Semaine { $week }, en jours UTC
digest-the-week = La semaine
digest-now = Nombre
digest-before = Semaine précédente
digest-change = Évolution
digest-same = sans changement
digest-total = { $name } : { $now } (la semaine précédente : { $before })
digest-total-change = { $total }, { $change }
digest-channel = { $name } : { $numbers }
digest-numbers = partages { $shares }, clics { $clicks }, visiteurs { $visitors }
digest-note-consent =
    Clics et visiteurs ne sont comptés qu’avec leur accord. Le vrai nombre
    de lecteurs est plus élevé.
digest-note-few =
    Les nombres sont arrondis aux multiples de { $k }. Ce qui était trop peu
    pour une page est compté pour son canal : une page en a donc au moins
    environ autant qu’affiché.
digest-note-open = Certains de ces jours ne sont pas encore clos, et leurs visites manquent ici.
digest-note-unfurls =
    Les aperçus sont chargés par les messageries. Ce ne sont pas des
    visites.
digest-same-week = La même semaine dans les statistiques
digest-address = La même semaine dans les statistiques : { $address }
digest-why =
    Entrenous vous a envoyé cet e-mail parce que l’exploitant a indiqué votre
    adresse pour ce site. Il ne charge rien et ne dit à personne que vous
    l’avez lu.
