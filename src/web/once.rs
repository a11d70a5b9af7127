//! A value that a browser callback delivers once and a future waits for.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

/// Both ends: clones share the value.
pub(crate) struct Once<T>(Rc<Slot<T>>);

struct Slot<T> {
    value: Cell<Option<T>>,
    waiting: RefCell<Option<Waker>>,
}

impl<T> Once<T> {
    pub(crate) fn new() -> Self {
        Self(Rc::new(Slot { value: Cell::new(None), waiting: RefCell::new(None) }))
    }

    /// Delivers. A later value replaces one that nobody took yet.
    pub(crate) fn set(&self, value: T) {
        self.0.value.set(Some(value));
        // Taken out first: waking must not find the slot borrowed.
        let waiting = self.0.waiting.take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    /// Waits for the value and takes it.
    pub(crate) async fn take(&self) -> T {
        poll_fn(|context| match self.0.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                self.0.waiting.replace(Some(context.waker().clone()));
                Poll::Pending
            }
        })
        .await
    }
}

impl<T> Clone for Once<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}
