"""Slack's limits, by name, with the unit each is counted in.

Sources: docs.slack.dev/reference/block-kit, docs.slack.dev/reference/views, the constants of
slack_sdk.models,
and, for the total of a message's block text, behaviour reported for chat.postMessage. Knows no payloads.
"""

# Counts of blocks and elements.
MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
ACTIONS_ELEMENTS = 25
CONTEXT_ELEMENTS = 10
SECTION_FIELDS = 10
CONTAINER_BLOCKS = 10
CAROUSEL_CARDS = 10
MESSAGE_CHARTS = 2
CHART_SERIES = 6  # series, or segments of a pie
CHART_CATEGORIES = 20
OPTIONS = 100
OPTION_GROUPS = 100
CHOICES = 10  # radio buttons, checkboxes
OVERFLOW_OPTIONS = 5
TABLE_ROWS = 100
TABLE_COLUMNS = 20
DATA_TABLE_ROWS = 201  # the first is the header
VIEW_STACK = 3
EPOCH_DIGITS = 10  # of the seconds since 1970 in a datetimepicker

# Lengths in characters.
SECTION_TEXT = 3000
FIELD_TEXT = 2000
CONTEXT_TEXT = 3000
HEADER_TEXT = 150
MARKDOWN_TEXT = 12_000
MESSAGE_BLOCK_TEXT = 13_200  # all block text of one message together
MESSAGE_TEXT = 40_000
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
URL = 3000
ALT_TEXT = 2000
IMAGE_TITLE = 2000
INPUT_LABEL = 2000
INPUT_HINT = 2000
PLACEHOLDER = 150
INPUT_MAX_LENGTH = 3000
OPTION_TEXT = 75
OPTION_VALUE = 150
OPTION_GROUP_LABEL = 75
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
CARD_TITLE = 150
CARD_BODY = 200
CHART_TITLE = 50
CHART_LABEL = 20  # of a category, a segment, a series
CHART_AXIS = 50
BLOCK_ID = 255
ACTION_ID = 255
VIEW_TITLE = 24
VIEW_BUTTON = 24
CALLBACK_ID = 255
EXTERNAL_ID = 255
PRIVATE_METADATA = 3000

# Bytes.
VIEW_BYTES = 250_000
METADATA_BYTES = 16_000

# Times and uses.
ACK_SECONDS = 3.0
TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 1800
RESPONSE_URL_USES = 5
EVENT_RETRIES = 3
SOCKET_CONNECTIONS = 10
