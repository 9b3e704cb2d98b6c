"""Scrolling over what grows many times a second."""

from textual.geometry import Size
from textual.scroll_view import ScrollView


class SteadyScroll(ScrollView, inherit_bindings=False):
    """Assigning `virtual_size` lays the whole screen out anew; here that is done only where a bar comes or goes."""

    def scroll_over(self, size: Size) -> None:
        """How much there is to scroll over."""
        if self._exceeds(self.virtual_size) != self._exceeds(size):
            self.virtual_size = size
            return
        self.set_reactive(ScrollView.virtual_size, size)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = size.height
        if self.show_horizontal_scrollbar:
            self.horizontal_scrollbar.window_virtual_size = size.width

    def _exceeds(self, size: Size) -> tuple[bool, bool]:
        room = self.container_size
        return size.width > room.width, size.height > room.height
