//! Parts, interfaces, fixation, supports and loads of one mechanical question.
