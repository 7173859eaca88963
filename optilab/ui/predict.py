"""A question that the reader answers before the lesson does."""

import html

import ipywidgets as widgets


class Predict(widgets.VBox):
    """Options to choose from; the answer and its reason stay hidden until the reader commits to one.

    Parameters
    ----------
    question : str
        What will happen?
    options : list of str, or dict of str to str
        What a sensible person would say; a dict gives each option its own reply (why that mistake is tempting).
    answer : str
        The option that is right.
    because : str
        The reason, shown after every reply. May contain HTML.

    Raises
    ------
    ValueError
        If `answer` is not an option.
    """

    def __init__(self, question: str, options: list[str] | dict[str, str], *, answer: str, because: str):
        if answer not in options:
            raise ValueError(f"answer must be one of the options {list(options)}, got {answer!r}")
        self.question, self.answer, self.because = question, answer, because
        self.replies = options if isinstance(options, dict) else {}
        self.choice = widgets.RadioButtons(
            options=list(options), value=None, layout={"width": "auto"}, style={"description_width": "0px"}
        )
        self.commit = widgets.Button(description="That's my answer", disabled=True, button_style="primary")
        self.reply = widgets.HTML()
        self.choice.observe(self._chosen, "value")
        self.commit.on_click(self._reveal)
        super().__init__([widgets.HTML(f"<b>{html.escape(question)}</b>"), self.choice, self.commit, self.reply])

    def _chosen(self, _change: object) -> None:
        self.commit.disabled = False

    def _reveal(self, _button: object) -> None:
        self.choice.disabled = self.commit.disabled = True
        right = self.choice.value == self.answer
        verdict = "You saw it coming." if right else f"It is <b>{html.escape(self.answer)}</b>."
        reply = self.replies.get(self.choice.value, "")
        self.reply.value = f"<div style='max-width: 46em'>{verdict} {reply} {self.because}</div>"

    def __repr__(self) -> str:
        return f"Predict({self.question!r})"

    def _repr_keys(self) -> list[str]:
        return []
