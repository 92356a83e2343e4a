//! VTU fields for ParaView.
