//! An allocator that counts.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::atomic::{AtomicIsize, Ordering::Relaxed},
};

thread_local!(static CALLS: Cell<u64> = const { Cell::new(0) });

static LIVE: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

/// The system's allocator, with the number of calls of each thread and the bytes of all.
#[derive(Debug)]
pub(crate) struct Counting;

fn count(bytes: isize) {
    let live = LIVE.fetch_add(bytes, Relaxed) + bytes;
    if bytes > 0 {
        PEAK.fetch_max(live, Relaxed);
        // Gone while a thread ends: nothing is measured there.
        let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
    }
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // At worst both exist for a moment.
        count(new_size as isize);
        let moved = unsafe { System.realloc(ptr, layout, new_size) };
        count(-(layout.size() as isize));
        moved
    }
}

/// How often `f` allocated on this thread.
pub(crate) fn allocations(f: impl FnOnce()) -> u64 {
    let before = CALLS.get();
    f();
    CALLS.get() - before
}

/// Bytes that are allocated now.
pub(crate) fn live() -> isize {
    LIVE.load(Relaxed)
}

/// The most bytes that were allocated at once since the last call.
pub(crate) fn take_peak() -> isize {
    PEAK.swap(live(), Relaxed)
}
