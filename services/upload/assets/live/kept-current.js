// A page that is kept current, and nothing else.
import { keepCurrent } from "./live.js";

keepCurrent();
