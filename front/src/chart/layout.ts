// Where the parts of a chart stand.

/** Pixels of the scale at the left, of the axis below, and of the ends of a pane. */
export const AXIS_WIDTH = 46;
export const AXIS_HEIGHT = 22;
export const PAD_RIGHT = 18;
export const PAD_TOP = 6;
/** Below a pane without an axis, where half of its lowest number stands. */
export const PAD_BOTTOM = 7;
