-- Save as ~/.config/nvim/plugin/keysweep.lua. Needs Neovim 0.7 or later.
local namespace = vim.api.nvim_create_namespace("keysweep")

local function scan(buffer)
  local path = vim.api.nvim_buf_get_name(buffer)
  if path == "" or vim.bo[buffer].buftype ~= "" then
    return
  end
  local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
  local command = { "keysweep", "files", "-", "--stdin-path", path, "--format", "jsonl" }
  local diagnostics = {}
  for _, line in ipairs(vim.fn.systemlist(command, lines)) do
    local ok, entry = pcall(vim.json.decode, line)
    if ok and entry.type == "finding" and entry.line ~= vim.NIL then
      table.insert(diagnostics, {
        lnum = entry.line - 1,
        col = entry.column - 1,
        end_col = entry.end_column - 1,
        severity = vim.diagnostic.severity.ERROR,
        source = "keysweep",
        message = entry.rule .. ": " .. entry.redacted,
      })
    end
  end
  vim.diagnostic.set(namespace, buffer, diagnostics)
end

vim.api.nvim_create_autocmd({ "BufReadPost", "InsertLeave", "TextChanged" }, {
  group = vim.api.nvim_create_augroup("keysweep", {}),
  callback = function(event)
    scan(event.buf)
  end,
})
