"""Which vectors lie nearest, and a map on which near ones lie together."""

from collections.abc import Iterable

import numpy as np

PERPLEXITY = 30  # how many neighbours t-SNE looks at: scikit-learn's default
COMPONENTS = 50  # of PCA before t-SNE, as its authors do


def nearest(
    queries: np.ndarray, batches: Iterable[np.ndarray], count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Find the vectors with the greatest cosine similarity to each query, of batches in a row.

    Only one batch is needed at a time, so there may be more of them than memory has room for. Of
    equally similar ones the first count. A vector of zeros is similar to nothing.

    Parameters
    ----------
    queries
        Shape (q, d).
    batches
        Each of shape (some, d).
    count
        How many to find.

    Returns
    -------
    numpy.ndarray
        For each query the numbers of the vectors, the most similar first: int64, shape (q, k), k
        at most `count`.
    numpy.ndarray
        Their similarities, float32, shape (q, k).
    """
    wanted = _unit(queries)
    rows = np.zeros((len(queries), 0), np.int64)
    similarities = np.zeros((len(queries), 0), np.float32)
    start = 0
    for batch in batches:
        both = np.concatenate([similarities, wanted @ _unit(batch).T], axis=1)
        here = np.broadcast_to(np.arange(start, start + len(batch)), (len(queries), len(batch)))
        numbers = np.concatenate([rows, here], axis=1)
        order = np.argsort(-both, axis=1, kind="stable")[:, :count]
        rows = np.take_along_axis(numbers, order, axis=1)
        similarities = np.take_along_axis(both, order, axis=1)
        start += len(batch)
    return rows, similarities


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors of length 1, float32; those of zeros stay."""
    exact = vectors.astype(np.float32)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    return np.divide(exact, lengths, out=np.zeros_like(exact), where=lengths > 0)


def on_a_map(vectors: np.ndarray, random_state: int) -> np.ndarray:
    """Give each vector a place on a square, so that near vectors lie together.

    PCA to 50 dimensions, then t-SNE (L. van der Maaten and G. Hinton, 2008, Visualizing data using
    t-SNE, JMLR) by scikit-learn, with its defaults; it begins with the first two of PCA. UMAP
    would need numba and LLVM, 60 MB that compile for as long at each start as t-SNE takes here.

    Parameters
    ----------
    vectors
        Shape (n, d).
    random_state
        The same gives the same map.

    Returns
    -------
    numpy.ndarray
        float64, shape (n, 2), in [0, 1]: the longer side of the map is 1, the shorter one lies in
        the middle.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    if len(vectors) < 4 or not np.ptp(vectors, axis=0).any():
        return np.full((len(vectors), 2), 0.5)  # nothing to tell apart
    components = min(COMPONENTS, *vectors.shape)
    # One thread: more of them only wait for one another, and sums would depend on their number.
    with threadpool_limits(1):
        reduced = PCA(components, random_state=random_state).fit_transform(vectors)
        if components == 1:
            reduced = np.hstack([reduced, np.zeros_like(reduced)])
        found = TSNE(
            perplexity=min(PERPLEXITY, (len(vectors) - 1) / 3),
            init="pca",
            random_state=random_state,
            n_jobs=1,
        ).fit_transform(reduced)
    found = found.astype(np.float64) - found.min(axis=0)
    found /= found.max()
    return found + (1 - found.max(axis=0)) / 2
