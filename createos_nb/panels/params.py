"""The state of a panel's controls, read and set from code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

from traitlets import TraitError

from createos_nb.errors import InvalidInput


@dataclass(frozen=True)
class Control:
    """A widget and how its value is read and set, by default its trait `value`; no error quotes a `secret` value.

    Attributes:
        widget: the widget.
        trait: the trait that holds its value.
        read: turns that into what code gets.
        write: turns what code sets into that, and refuses what can't be.
        secret: its value is quoted in no error.
    """

    widget: Any
    trait: str = "value"
    read: Callable[[Any], Any] | None = None
    write: Callable[[Any], Any] | None = None
    secret: bool = False

    def get(self) -> Any:
        """Return the value.

        Returns:
            What code gets.

        Examples:
            >>> panel = createos_nb.panels.scale(createos_nb.simulate(), "storefront", "staging")
            >>> panel.params.control("replicas").get()
            1
        """
        value = getattr(self.widget, self.trait)
        return self.read(value) if self.read else value

    def set(self, value: Any) -> None:
        """Set the value, as a person's hand does.

        Args:
            value: what code gives.

        Raises:
            ValueError: the widget refuses it.

        Examples:
            >>> panel = createos_nb.panels.scale(createos_nb.simulate(), "storefront", "staging")
            >>> panel.params.control("replicas").set(3)
            >>> panel.params["replicas"]
            3
        """
        setattr(self.widget, self.trait, self.write(value) if self.write else value)


class Params(MutableMapping[str, Any]):
    """Names and values of the controls. Setting one does what a person's hand does.

    Raises `InvalidInput` for a name that the panel does not have, and lists those it has; and for a refused value, and
    says why.
    """

    def __init__(self) -> None:
        self._controls: dict[str, Control] = {}

    def add(self, name: str, control: Control) -> None:
        """Register a control.

        Args:
            name: what code calls it.
            control: the control.

        Examples:
            >>> panel = createos_nb.panels.scale(createos_nb.simulate(), "storefront", "staging")
            >>> panel.params.add("number", panel.params.control("replicas"))
            >>> panel.params["number"]
            1
        """
        self._controls[name] = control

    def control(self, name: str) -> Control:
        """Return the control of that name.

        Args:
            name: what code calls it.

        Returns:
            The control.

        Raises:
            InvalidInput: the panel has no such control; the text lists those it has.

        Examples:
            >>> panel = createos_nb.panels.scale(createos_nb.simulate(), "storefront", "staging")
            >>> panel.params.control("replicas").trait
            'value'
        """
        if name not in self._controls:
            raise InvalidInput(f"this panel has no {name!r}; it has: {', '.join(self._controls) or 'nothing to set'}")
        return self._controls[name]

    def __getitem__(self, name: str) -> Any:
        return self.control(name).get()

    def __setitem__(self, name: str, value: Any) -> None:
        control = self.control(name)
        try:
            control.set(value)
        except (TraitError, TypeError, ValueError, KeyError) as error:
            if control.secret:
                raise InvalidInput(f"{name}: invalid value, expected {control.widget.wanted}") from None
            raise InvalidInput(f"{name}={value!r}: {_why(error)}{_choices(control.widget)}") from None

    def __delitem__(self, name: str) -> None:
        raise InvalidInput("the controls of a panel can't be deleted; set their values")

    def __contains__(self, name: object) -> bool:
        return name in self._controls

    def __iter__(self) -> Iterator[str]:
        return iter(self._controls)

    def __len__(self) -> int:
        return len(self._controls)

    def __repr__(self) -> str:
        return repr(dict(self))


def _why(error: Exception) -> str:
    text = str(error.args[0]) if error.args else type(error).__name__
    return "it is not among the choices" if "Invalid selection" in text else text


def _choices(widget: Any) -> str:
    options = getattr(widget, "options", None)
    if not options:
        return ""
    values = [option[1] if isinstance(option, tuple) else option for option in options]
    return "; there is: " + ", ".join(map(repr, values[:20])) + (", …" if len(values) > 20 else "")
