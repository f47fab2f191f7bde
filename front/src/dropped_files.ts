// What a person has dropped or chosen, as files with their paths; what is in a skipped folder is not read.

export interface Found {
  path: string;
  file: File;
}

/** The files, and the names of the folders that were left out. */
export interface Selection {
  files: Found[];
  skipped: string[];
}

/** Files that were chosen, without those in a skipped folder: the name of such a folder is sent once. */
export function withoutSkipped(selected: Found[], skippedNames: string[]): Selection {
  const names = new Set(skippedNames);
  const skipped = new Set<string>();
  const files = selected.filter(({ path }) => {
    const parts = path.split("/");
    const at = parts.slice(0, -1).findIndex((part) => names.has(part.toLowerCase()));
    if (at < 0) return true;
    skipped.add(parts.slice(0, at + 1).join("/"));
    return false;
  });
  return { files, skipped: [...skipped] };
}

/** Everything in dropped files and folders, until there are more than `most`. */
export async function readEntries(entries: FileSystemEntry[], skippedNames: string[], most: number): Promise<Selection> {
  const names = new Set(skippedNames);
  const files: Found[] = [];
  const skipped: string[] = [];
  const open = [...entries];
  while (open.length && files.length + skipped.length <= most) {
    const entry = open.pop() as FileSystemEntry;
    const path = entry.fullPath.replace(/^\//, "");
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      files.push({ path, file });
    } else if (names.has(entry.name.toLowerCase())) {
      skipped.push(path);
    } else {
      const reader = (entry as FileSystemDirectoryEntry).createReader();
      for (;;) {
        const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
        if (!batch.length) break; // at most a hundred at a time
        open.push(...batch);
      }
    }
  }
  return { files, skipped };
}
