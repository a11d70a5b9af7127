//! Runs futures on one thread until none of them can go on.

use super::signal::Signal;
use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake},
};

/// A call under way.
pub struct Call<T>(Signal<T>);

impl<T> Call<T> {
    /// Its result, once, if it has ended.
    pub fn take(&self) -> Option<T> {
        self.0.take()
    }
}

#[derive(Default)]
pub(crate) struct Executor(RefCell<Vec<Task>>);

type Boxed = Pin<Box<dyn Future<Output = ()>>>;

struct Task {
    future: Option<Boxed>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Executor {
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        self.0.borrow_mut().push(Task { future: Some(Box::pin(future)), woken });
    }

    pub(crate) fn call<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> Call<T> {
        let signal = Signal::default();
        let result = signal.clone();
        self.spawn(async move { result.send(future.await) });
        Call(signal)
    }

    pub(crate) fn run(&self) {
        while let Some((at, mut future, woken)) = self.next() {
            let waker = woken.into();
            if future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending()
                && let Some(task) = self.0.borrow_mut().get_mut(at)
            {
                task.future = Some(future);
            }
        }
    }

    fn next(&self) -> Option<(usize, Boxed, Arc<Woken>)> {
        let mut tasks = self.0.borrow_mut();
        tasks.iter_mut().enumerate().find_map(|(at, task)| {
            let woken = task.future.is_some() && task.woken.0.swap(false, Ordering::Relaxed);
            woken.then(|| Some((at, task.future.take()?, task.woken.clone())))?
        })
    }
}
