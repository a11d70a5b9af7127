//! Two futures, and what the first of them says. The other one is dropped, which is how waits are called off here.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

/// Which future was first.
pub(crate) enum First<A, B> {
    Left(A),
    Right(B),
}

/// Waits for either; the left one wins a tie. Not an `async fn`, which would be half a kilobyte more for each use.
pub(crate) fn race<A, B>(
    mut left: impl Future<Output = A> + Unpin,
    mut right: impl Future<Output = B> + Unpin,
) -> impl Future<Output = First<A, B>> + Unpin {
    poll_fn(move |context| {
        if let Poll::Ready(result) = Pin::new(&mut left).poll(context) {
            return Poll::Ready(First::Left(result));
        }
        Pin::new(&mut right).poll(context).map(First::Right)
    })
}
