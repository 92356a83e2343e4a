//! The implant: negative of the bones it meets, body, rim, screw walls.
