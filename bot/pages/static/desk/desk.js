/** The desk's small helpers: keys, drafts, news of the queues, a live conversation. Every form works without them. */

import { keepDrafts } from "../drafts.js";
import { makeKeys } from "./keys.js";
import { followConversation } from "./live.js";
import { followQueues } from "./news.js";

keepDrafts();
makeKeys();
followQueues();
followConversation();
