//! What is done so that nothing of a visitor can be found in the process's memory afterwards.
//!
//! Freed memory is overwritten by the program's allocator (`main.rs`). What is left is here: the memory is not dumped,
//! the stacks that hashed an address are overwritten, and the key does not go to the swap space. ADR 25 tells why.

use std::future::poll_fn;
use std::hint::black_box;
use std::sync::Mutex;

use region::LockGuard;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use tokio::sync::watch;

/// How much stack a short computation may have used, such as a hash: without optimisation more than with it.
const SHORT: usize = if cfg!(debug_assertions) { 64 << 10 } else { 4 << 10 };
/// How much stack a whole task or request may have used.
const LONG: usize = if cfg!(debug_assertions) { 512 << 10 } else { 128 << 10 };

/// Keeps this process's memory to itself: no core image of it is written, and no other process of the same user
/// can read it or attach to it. Where the system has no such thing, nothing is done.
pub fn keep_private() {
    // Where one of the two is refused, the other one does the same for most purposes.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

/// Overwrites the calling thread's stack below the caller's frame, as far as a short computation may have used it.
#[inline(never)]
#[allow(clippy::large_stack_arrays, reason = "the stack is what is to be overwritten")]
pub fn overwrite_short_stack() {
    black_box(&mut [0_u8; SHORT]);
}

/// Overwrites the calling thread's stack below the caller's frame, as far as a task or a request may have used it.
#[inline(never)]
#[allow(clippy::large_stack_arrays, reason = "the stack is what is to be overwritten")]
pub fn overwrite_long_stack() {
    black_box(&mut [0_u8; LONG]);
}

/// Runs a future that handles tags, and overwrites the stack of whichever thread it ran on each time.
pub async fn overwriting_stacks<F: Future>(future: F) -> F::Output {
    // In a place of its own, which is overwritten when it is freed.
    let mut future = Box::pin(future);
    poll_fn(|context| {
        let polled = future.as_mut().poll(context);
        overwrite_long_stack();
        polled
    })
    .await
}

/// Overwrites the calling thread's stack each time that a day's visitors were forgotten, for as long as that is told.
pub async fn overwrite_stack_at_each(mut forgotten: watch::Receiver<()>) {
    while forgotten.changed().await.is_ok() {
        overwrite_long_stack();
    }
}

/// A value in pages of its own, which the system does not write to its swap space where it permits to ask for that.
pub struct Locked<T> {
    _lock: Option<Mutex<LockGuard>>,
    pages: Box<Pages<T>>,
}

#[repr(align(4096))]
struct Pages<T>(T);

impl<T> Locked<T> {
    /// Takes a value to its place. What is on the stack of it then is the caller's to overwrite.
    pub fn new(value: T) -> Self {
        let pages = Box::new(Pages(value));
        // It is refused where the limit on locked memory (RLIMIT_MEMLOCK) is used up.
        let lock = region::lock(&raw const *pages, size_of_val(&*pages)).ok().map(Mutex::new);
        Self { _lock: lock, pages }
    }

    /// Returns the value.
    pub fn value(&self) -> &T {
        &self.pages.0
    }
}

impl<T> std::fmt::Debug for Locked<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Locked(…)")
    }
}
