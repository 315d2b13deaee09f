"""The server behind ``handgrad serve``: predictions, trainings and data over HTTP. It needs the extra ``server``."""
