//! A value that one side waits for and the other sends.

use std::{
    cell::RefCell,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

/// Clones are the same signal. A value is received once.
pub(crate) struct Signal<T>(Rc<RefCell<(Option<T>, Vec<Waker>)>>);

impl<T> Clone for Signal<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Signal<T> {
    fn default() -> Self {
        Self(Rc::new(RefCell::new((None, Vec::new()))))
    }
}

impl<T> Signal<T> {
    /// Sends a value to whoever waits, now or later.
    pub(crate) fn send(&self, value: T) {
        let waiting = {
            let mut state = self.0.borrow_mut();
            state.0 = Some(value);
            std::mem::take(&mut state.1)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Takes what was sent, if anything was.
    pub(crate) fn take(&self) -> Option<T> {
        self.0.borrow_mut().0.take()
    }

    /// Waits for a value.
    pub(crate) async fn wait(&self) -> T {
        poll_fn(|context| {
            let mut state = self.0.borrow_mut();
            if let Some(value) = state.0.take() {
                return Poll::Ready(value);
            }
            state.1.push(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}
