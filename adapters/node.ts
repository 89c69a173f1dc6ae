#!/usr/bin/env node
/** The relay as a command on Node. */
import { runCommand } from "./node/command.ts";

process.exitCode = await runCommand(process.argv.slice(2));
