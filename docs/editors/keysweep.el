;; Add to your init file. Needs Emacs 27 or later, built with JSON support.
(require 'flymake)

(defun keysweep--diagnostic (buffer entry)
  "Return a Flymake diagnostic in BUFFER for the finding ENTRY."
  (with-current-buffer buffer
    (save-excursion
      (save-restriction
        (widen)
        (goto-char (point-min))
        (forward-line (1- (gethash "line" entry)))
        ;; Columns are bytes.
        (let* ((start (position-bytes (point)))
               (at (lambda (key) (byte-to-position (+ start (1- (gethash key entry)))))))
          (flymake-make-diagnostic
           buffer (funcall at "column") (funcall at "end_column") :error
           (format "%s: %s" (gethash "rule" entry) (gethash "redacted" entry))))))))

(defun keysweep-flymake (report &rest _)
  "Scan the current buffer and pass the diagnostics to REPORT."
  (let ((buffer (current-buffer))
        (path (or buffer-file-name (buffer-name)))
        (coding-system-for-read 'utf-8)
        (coding-system-for-write 'utf-8)
        diagnostics)
    (save-restriction
      (widen)
      (let ((text (buffer-substring-no-properties (point-min) (point-max))))
        (with-temp-buffer
          (insert text)
          (call-process-region nil nil "keysweep" t t nil
                               "files" "-" "--stdin-path" path "--format" "jsonl")
          (goto-char (point-min))
          (while (not (eobp))
            (let* ((line (buffer-substring (line-beginning-position) (line-end-position)))
                   (entry (ignore-errors (json-parse-string line :null-object nil))))
              (when (and entry (equal (gethash "type" entry) "finding") (gethash "line" entry))
                (push (keysweep--diagnostic buffer entry) diagnostics)))
            (forward-line 1)))))
    (funcall report diagnostics)))

(add-hook 'prog-mode-hook
          (lambda () (add-hook 'flymake-diagnostic-functions #'keysweep-flymake nil t)))
