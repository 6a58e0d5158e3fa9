#!/usr/bin/env node
import { serve } from './serve.ts';

await serve({ env: process.env, cwd: process.cwd() });
