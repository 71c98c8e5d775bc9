//! An installation to which the events of a sequence happen: instances, their store, and what the test knows.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::clicks::{Click, Outcome, call};
use crate::event::{LINKS, Plan, Who};
use crate::figures::Figures;
use crate::instance::{Instance, LIMIT, Launcher, PAUSE};
use crate::losses::Destroyed;
use crate::model::{Model, View};
use crate::stores::{Content, Ground};

/// How long a start may take while the store is away, before the test lets it come back.
const AWAY: Duration = Duration::from_millis(1_500);

/// Why a sequence failed.
pub(crate) type Failure = String;

pub(crate) struct World {
    // In this order: processes end before their folder goes.
    pub(crate) instances: Vec<Instance>,
    pub(crate) ground: Ground,
    pub(crate) launcher: Launcher,
    pub(crate) model: Model,
    pub(crate) destroyed: Option<Destroyed>,
    /// Whether an older store was ever restored.
    pub(crate) restored: bool,
    pub(crate) began: Instant,
    pub(crate) snapshot: Option<(Content, View)>,
    pub(crate) right_store: bool,
    pub(crate) figures: Figures,
    /// Added to what is read of the first link's counts, to see that the oracle finds it.
    pub(crate) falsify: i64,
    _dir: TempDir,
}

impl World {
    /// An installation with its links, running.
    pub(crate) fn new(plan: &Plan) -> Result<Self, Failure> {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().to_owned();
        let launcher = Launcher { folder: folder.clone(), clock: plan.clock };
        launcher.set_clock(0);
        let mut world = Self {
            instances: vec![Instance { journal: folder.join("journal"), running: None }],
            ground: Ground::new(plan.store, &folder),
            launcher,
            model: Model::default(),
            destroyed: None,
            restored: false,
            began: Instant::now(),
            snapshot: None,
            right_store: true,
            figures: Figures::default(),
            falsify: 0,
            _dir: dir,
        };
        world.start(Who::First)?;
        world.make_links()?;
        Ok(world)
    }

    /// The place of an instance; none where nobody has copied the journal.
    pub(crate) fn place(&self, who: Who) -> Option<usize> {
        Some(who as usize).filter(|place| *place < self.instances.len())
    }

    pub(crate) fn is_running(&self, who: Who) -> bool {
        self.place(who).is_some_and(|place| self.instances[place].running.is_some())
    }

    fn any_address(&self) -> Option<std::net::SocketAddr> {
        self.instances.iter().find_map(|instance| instance.running.as_ref()?.address)
    }

    /// Starts an instance, or sees that it is refused where another process has the store for itself.
    pub(crate) fn start(&mut self, who: Who) -> Result<(), Failure> {
        let Some(place) = self.place(who).filter(|place| self.instances[*place].running.is_none()) else {
            return Ok(());
        };
        if self.ground.is_for_one() && self.instances.iter().any(|instance| instance.running.is_some()) {
            let journal = self.instances[place].journal.clone();
            return self.must_be_refused(&journal, "on one SQLite file");
        }
        let began = Instant::now();
        let (journal, url) = (self.instances[place].journal.clone(), self.ground.url(self.right_store));
        let mut process = self.launcher.launch(&journal, &url);
        if self.ground.is_away() {
            match process.listens_within(AWAY) {
                Ok(true) => {}
                Ok(false) => self.ground.end_outage(),
                Err(_) => {
                    self.ground.end_outage();
                    process = self.launcher.launch(&journal, &url);
                }
            }
        }
        match process.listens_within(LIMIT) {
            Ok(true) => {}
            Ok(false) => return Err(format!("the service does not listen {LIMIT:?} after its start")),
            Err(status) => return Err(format!("the service does not start and ends with {status}")),
        }
        self.figures.started(began.elapsed());
        if let Some(secret) = process.secret.take()
            && self.right_store
        {
            self.model.stored.secret = Some(secret);
        }
        self.instances[place].running = Some(process);
        if self.right_store {
            self.model.started();
            if self.destroyed.as_ref().is_some_and(|destroyed| destroyed.told.is_none()) {
                self.wait_until_told_or_complete();
            }
        }
        Ok(())
    }

    /// Starts a process that must end by itself.
    pub(crate) fn must_be_refused(&mut self, journal: &std::path::Path, what: &str) -> Result<(), Failure> {
        if self.ground.is_away() {
            return Ok(());
        }
        let mut process = self.launcher.launch(journal, &self.ground.url(self.right_store));
        match process.listens_within(LIMIT) {
            Err(_) => {
                self.figures.refused += 1;
                Ok(())
            }
            Ok(true) => Err(format!("a second process {what} is accepted")),
            Ok(false) => Err(format!("a second process {what} neither starts nor ends in {LIMIT:?}")),
        }
    }

    pub(crate) fn stop_all(&mut self) -> Result<(), Failure> {
        for instance in &mut self.instances {
            instance.running.take().map_or(Ok(()), super::instance::Process::stop)?;
        }
        Ok(())
    }

    /// Makes the links that are not there.
    pub(crate) fn make_links(&mut self) -> Result<(), Failure> {
        (0..LINKS)
            .filter(|link| !self.model.has(*link))
            .collect::<Vec<_>>()
            .into_iter()
            .try_for_each(|link| self.make(link))
    }

    pub(crate) fn make(&mut self, link: usize) -> Result<(), Failure> {
        let body = json!({ "url": "https://example.com/", "channel": "sms", "slug": slug(link) });
        // A slug that is taken was taken by an attempt whose response was lost.
        let made = self.insists("POST", "/api/v1/links", Some(&body), [201, 409]);
        made.map_err(|why| format!("link {link} cannot be made: {why}"))?;
        self.model.made(link);
        Ok(())
    }

    /// Calls again until the store is there: it may have come back a moment ago.
    pub(crate) fn insists(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        done: [u16; 2],
    ) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            match self.publisher(method, path, body) {
                Some((status, _)) if done.contains(&status) => return Ok(()),
                None | Some((503, _)) if began.elapsed() < LIMIT => sleep(PAUSE),
                other => return Err(format!("{other:?}")),
            }
        }
    }

    /// A call with the secret key.
    pub(crate) fn publisher(&self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, String)> {
        call(self.any_address()?, method, path, self.model.stored.secret.as_deref(), body)
    }

    /// A click, where its instance runs.
    pub(crate) fn click(&self, who: Who, link: usize, consent: bool) -> Option<(Click<'static>, bool)> {
        let address = self.instances[self.place(who)?].running.as_ref()?.address?;
        // Links are made by the first instance that runs.
        let made_here = self.any_address() == Some(address);
        Some((Click { address, code: slug(link), consent }, made_here))
    }

    /// Notes what became of clicks.
    pub(crate) fn clicked(&mut self, link: usize, outcomes: &[Outcome], made_here: bool) {
        self.figures.clicked(outcomes);
        if self.right_store {
            self.model.clicked(link, outcomes, made_here);
        }
    }

    /// Copies the first instance's journal, and makes an instance of it.
    pub(crate) fn copy_journal(&mut self) {
        if self.instances.len() == 1 {
            let (from, to) = (&self.instances[0].journal, self.launcher.folder.join("copied"));
            super::instance::copy_folder(from, &to);
            self.instances.push(Instance { journal: to, running: None });
        }
    }

    /// Removes the lock of the first instance's journal, as somebody does who tidies up.
    pub(crate) fn remove_lock(&self) {
        let files = fs::read_dir(&self.instances[0].journal).into_iter().flatten().flatten();
        for file in files.filter(|file| file.file_name().to_string_lossy().contains("lock")) {
            fs::remove_file(file.path()).expect("a file that is there");
        }
    }

    pub(crate) fn set_clock(&self, seconds: i64) {
        self.launcher.set_clock(seconds);
    }
}

pub(crate) fn slug(link: usize) -> &'static str {
    ["sequence-one", "sequence-two", "sequence-three"][link]
}
