//! Nothing: what is here are the tests. In each, the tag of the image is all that windlass changes.
