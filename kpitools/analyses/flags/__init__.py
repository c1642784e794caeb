"""Red flags: what in the figures wants attention, with the figures that say so, likely causes and usual levers."""
