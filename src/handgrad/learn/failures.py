"""What an exception in a learner's code means, in one sentence."""

import re

MEANINGS = {
    "TimeLimit": "The function does not end: {message}. Is there a loop whose condition stays true?",
    "MemoryError": "The function needs too much memory. Which array is larger than the arguments?",
    "SystemExit": "The code ends the program, e.g. with exit(). A function ends with return.",
    "Crash": "The code crashes Python, or ends its process ({message}).",
    "Unreadable": "The file cannot be read: {message}.",
    "SyntaxError": "Python cannot read the file: {message}.",
    "IndentationError": "Python cannot read the file: {message}.",
    "TabError": "Python cannot read the file: {message}.",
    "NotImplementedError": "A function is not written yet: delete the line `raise NotImplementedError` when it is.",
    "EOFError": "The code reads input. Use the arguments of the function only.",
    "KeyboardInterrupt": "The code raises KeyboardInterrupt.",
    "RecursionError": "The function calls itself without end.",
}
"""By the class of the exception."""

TITLES = {
    "TimeLimit": "Endless loop",
    "MemoryError": "Too much memory",
    "SystemExit": "Program ended",
    "Unreadable": "File not readable",
    "NotImplementedError": "Function not written",
}
"""Short names of some exceptions."""

PATTERNS = [
    (r"File too large", "The code prints or writes without end."),
    (
        r"matmul.*\(size (\d+) is different from (\d+)\)",
        "The shapes of a product with @ do not fit: {0} meets {1}.",
    ),
    (
        r"matmul.*(requires 1|enough dimensions)",
        "A factor of a product with @ is a number: use * for numbers.",
    ),
    (r"shapes (\(.*?\)) and (\(.*?\)) not aligned", "The shapes of a product do not fit: {0} and {1}."),
    (
        r"could not be broadcast together with shapes (.*?)\s*$",
        "The shapes of two arrays do not fit, entry by entry: {0}.",
    ),
    (
        r"truth value of an array",
        "`if`, `while` and `max` decide about a whole array at once. Use np.where or np.maximum for its entries.",
    ),
    (r"'numpy.*' object is not callable", "An array or a number is called like a function: is a * missing?"),
    (r"ufunc 'bitwise_xor'", "The operator ^ is not a power: write x**2."),
    (
        r"(only (length-1|0-dimensional) arrays can be converted)",
        "A function takes one number and gets an array. Functions of math take numbers: use those of NumPy.",
    ),
    (
        r"unsupported operand type\(s\) for .*'NoneType'",
        "A value is None. Does a function that you call return nothing?",
    ),
    (
        r"unsupported operand type\(s\) for .*'(list|tuple)'",
        "A list or tuple is not an array: use np.array, or unpack it.",
    ),
]
"""By the message."""


def explain_failure(kind: str, message: str) -> str:
    """Return one sentence for an exception, from its class and message."""
    if kind in MEANINGS:
        return MEANINGS[kind].format(message=message)
    for pattern, sentence in PATTERNS:
        if found := re.search(pattern, message):
            return f"{sentence.format(*found.groups())} ({kind})"
    return f"{kind}: {message}"
