"""Pages and mails in the reader's language: the words come from a gettext PO file of the company's own."""
